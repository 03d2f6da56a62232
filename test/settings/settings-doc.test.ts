import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { manPage } from '../../src/cli/man-page.js';
import { otelDocument } from '../../src/settings/otel.js';
import { settingsDocument } from '../../src/settings/settings-doc.js';

/** The compiled test lies somewhere below the folder that holds docs. */
function findUpwards(path: string): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, path))) {
    const parent = dirname(directory);
    assert.notEqual(parent, directory, `${path} is nowhere above this test`);
    directory = parent;
  }
  return join(directory, path);
}

test('the manual page is what the settings declare (else: npm run build && node scripts/settings-doc.mjs)', () => {
  assert.equal(readFileSync(findUpwards('man/osprofiler-otel-bridge.1'), 'utf8'), manPage());
});

test('docs/otel.md is what the settings declare (else: npm run build && node scripts/settings-doc.mjs)', () => {
  assert.equal(readFileSync(findUpwards('docs/otel.md'), 'utf8'), otelDocument());
});

test('docs/settings.md is what the settings declare (else: npm run build && node scripts/settings-doc.mjs)', () => {
  assert.equal(readFileSync(findUpwards('docs/settings.md'), 'utf8'), settingsDocument());
});
