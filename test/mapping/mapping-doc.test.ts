import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { SpanMapper } from '../../src/mapping/span.js';
import { captureNames } from '../support/captures.js';
import { goldenNames } from '../support/golden.js';
import { MOMENT, start } from '../support/notifications.js';
import { notificationsOf, spansIn, translate } from '../support/translating.js';

const page = readFileSync(join(process.cwd(), 'docs', 'mapping.md'), 'utf8');

/** What `osprofiler.info.<path>` and the like stand for on the page. */
const OPEN_ENDED =
  /^(osprofiler\.(?:stop\.)?info|db\.query\.parameter|osprofiler\.(?:db|function)\.result)\b.*/;

describe('docs/mapping.md', () => {
  it('shows the examples that the golden files hold (else: node scripts/mapping-doc.mjs)', () => {
    const script = join(process.cwd(), 'scripts', 'mapping-doc.mjs');
    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  });

  it('has an example of every family', () => {
    const examples = [...page.matchAll(/<!-- example ([a-z0-9-]+)/g)].map(([, name]) => name!);
    for (const name of examples) assert.ok(goldenNames().includes(name), name);
    for (const family of [
      'http-server',
      'http-client',
      'sql',
      'rpc-server',
      'api',
      'function',
      'info',
      'error',
    ]) {
      assert.ok(
        examples.some((name) => name.startsWith(family)),
        family,
      );
    }
  });

  it('names every attribute that recorded spans have', () => {
    const everything = { sqlParameters: true, results: true };
    const spans = captureNames().flatMap((name) => spansIn(translate(notificationsOf(name), everything)));
    const root = new SpanMapper().rootSpan(start(), MOMENT, MOMENT);
    const keys = new Set(
      [...spans, root].flatMap(({ attributes, resource, events }) => [
        ...Object.keys(attributes),
        ...Object.keys(resource.attributes),
        ...events.flatMap((event) => Object.keys(event.attributes ?? {})),
      ]),
    );
    const outside = page.replace(/<!-- example [\s\S]*?<!-- end of example -->/g, '');
    for (const key of keys) {
      const [, openEnded] = OPEN_ENDED.exec(key) ?? [];
      assert.ok(outside.includes(openEnded ?? `\`${key}\``), `${key} is not on the page`);
    }
  });
});
