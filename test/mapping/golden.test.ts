/** The mapping against what was reviewed by eye; UPDATE_GOLDEN=1 rewrites the files, for the next review. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { goldenNames, makeGolden, readGolden, writeGolden } from '../support/golden.js';

const UPDATES = process.env['UPDATE_GOLDEN'] === '1';

describe('recorded notifications become the spans that were reviewed', () => {
  for (const name of goldenNames()) {
    it(`${name}: ${readGolden(name).what}`, () => {
      const made = makeGolden(name);
      if (UPDATES) writeGolden(name, made);
      assert.deepEqual(made, readGolden(name));
    });
  }
});
