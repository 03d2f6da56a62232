/** Which files make one service; test/integration/oslo-config.test.ts has oslo.config itself judge what they say. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { BridgeError } from '../../src/errors.js';
import { findOsloSources, readOsloConfig } from '../../src/oslo/config.js';

const etc = mkdtempSync(join(tmpdir(), 'etc-'));
after(() => rmSync(etc, { recursive: true }));

function write(path: string, text = ''): string {
  const full = join(etc, path);
  mkdirSync(join(full, '..'), { recursive: true });
  writeFileSync(full, text);
  return full;
}

const nova = write(
  'nova/nova.conf',
  '[DEFAULT]\ntransport_url = rabbit://file\n[oslo_messaging_rabbit]\nssl = 1\n',
);
const novaB = write('nova/nova.conf.d/b.conf', '[DEFAULT]\ntransport_url = rabbit://b\n');
const novaA = write('nova/nova.conf.d/a.conf', '[DEFAULT]\ntransport_url = rabbit://a\n');
write('nova/nova.conf.d/readme.txt');
const neutron = write('neutron/neutron.conf');
const secret = write('secrets/secret.conf');
const dir = join(etc, 'nova/nova.conf.d');

describe('the configuration of services', () => {
  it('is a file each, or a directory of *.conf in alphabetical order', () => {
    assert.deepEqual(findOsloSources([nova, neutron, dir], []), [
      { name: nova, files: [nova] },
      { name: neutron, files: [neutron] },
      { name: dir, files: [novaA, novaB] },
    ]);
  });

  it('goes on in a directory: of the only file, or of the one that lies beside it', () => {
    const secrets = join(etc, 'secrets');
    assert.deepEqual(findOsloSources([nova], [dir, secrets]), [
      { name: nova, files: [nova, novaA, novaB, secret] },
    ]);
    assert.deepEqual(findOsloSources([neutron, nova], [dir, secrets]), [
      { name: neutron, files: [neutron] },
      { name: nova, files: [nova, novaA, novaB] },
      { name: secrets, files: [secret] },
    ]);
    assert.deepEqual(findOsloSources([], [dir]), [{ name: dir, files: [novaA, novaB] }]);
  });

  it('has the last value that is set, and options of earlier files where later ones are silent', () => {
    const [source] = findOsloSources([nova], [dir]);
    const read = readOsloConfig(source!, { OS_VAULT__HOST: 'env', OS_EMPTY__X: '', HOME: '/root' });
    assert.ok(read.ok);
    assert.equal(read.value.get(['DEFAULT', 'transport_url']), 'rabbit://b');
    assert.equal(read.value.get(['oslo_messaging_rabbit', 'ssl']), '1');
    assert.equal(read.value.get(['vault', 'host']), 'env');
    assert.equal(read.value.get(['empty', 'x']), undefined);
  });

  it('that cannot be read is an error that names it', () => {
    const gone = join(etc, 'gone');
    for (const attempt of [
      () => readOsloConfig({ name: gone, files: [gone] }),
      () => findOsloSources([], [gone]),
    ]) {
      assert.throws(
        attempt,
        (error) =>
          error instanceof BridgeError && error.code === 'CONFIG_UNREADABLE' && error.message.includes(gone),
      );
    }
  });
});
