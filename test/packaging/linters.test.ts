/** Workflows and shell scripts, judged by actionlint, shellcheck and bashate. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const ACTIONLINT = process.env['OSPROFILER_BRIDGE_TEST_ACTIONLINT'] ?? 'actionlint';
const inFolder = (folder: string) => readdirSync(folder).map((name) => join(folder, name));

function passes(command: string, args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  assert.equal(status, 0, error?.message ?? stdout + stderr);
  assert.equal(stdout, '');
}

describe('a linter finds nothing', () => {
  it('in the workflows: actionlint', () => passes(ACTIONLINT, []));

  it('in the shell scripts: shellcheck', () => {
    const scripts = ['.ci/run', ...inFolder('.ci/suites'), ...inFolder('devstack')];
    const maintainer = ['postinst', 'prerm', 'postrm', 'osprofiler-otel-bridge.sh'];
    passes('shellcheck', [...scripts, ...maintainer.map((name) => join('packaging', 'deb', name))]);
  });

  // Devstack's own checks leave the length of lines aside, too.
  it('in the devstack plugin: bashate', () => passes('bashate', ['-i', 'E006', ...inFolder('devstack')]));
});
