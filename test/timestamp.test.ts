import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseTimestamp } from '../src/timestamp.js';
import { property } from './support/notifications.js';

describe('timestamps', () => {
  it('are exact to the microsecond', () => {
    assert.equal(parseTimestamp('2026-11-22T07:29:39.892094'), 1_795_332_579_892_094);
    assert.equal(parseTimestamp('2026-11-22T07:29:39.000001'), 1_795_332_579_000_001);
    assert.equal(parseTimestamp('1970-01-01T00:00:00.000000'), 0);
    assert.equal(parseTimestamp('2254-12-31T23:59:59.999999'), 8_993_721_599_999_999);
  });

  it('may have fewer digits, none, or more, which are cut', () => {
    assert.equal(parseTimestamp('2026-11-22T07:29:39'), 1_795_332_579_000_000);
    assert.equal(parseTimestamp('2026-11-22T07:29:39.8'), 1_795_332_579_800_000);
    assert.equal(parseTimestamp('2026-11-22T07:29:39.892094999'), 1_795_332_579_892_094);
  });

  it('may be written with a blank and with a Z', () => {
    assert.equal(parseTimestamp('2026-11-22 07:29:39.892094'), 1_795_332_579_892_094);
    assert.equal(parseTimestamp('2026-11-22T07:29:39.892094Z'), 1_795_332_579_892_094);
    assert.equal(parseTimestamp('2024-02-29T00:00:00.5Z'), 1_709_164_800_500_000);
  });

  it('that are no moment are none', () => {
    const wrong = [
      '',
      'now',
      '2026-11-22',
      '2026-02-30T00:00:00.000000',
      '2025-02-29T00:00:00.000000',
      '2026-13-01T00:00:00.000000',
      '2026-00-01T00:00:00.000000',
      '2026-11-22T24:00:00.000000',
      '2026-11-22T07:60:00.000000',
      '2026-11-22T07:29:60.000000',
      '2026-11-22T07:29:39.',
      '2026-11-22T07:29:39.89209４',
      '2026-11-22T07:29:39.892094+00:00',
      '2026-11-22T07:29:39.892094 ',
      ' 2026-11-22T07:29:39.892094',
      '2026-11-22T07:29:39.892094\n',
      '1969-12-31T23:59:59.999999',
      '2255-01-01T00:00:00.000000',
      '0001-01-01T00:00:00.000000',
      '0099-01-01T00:00:00.000000',
      '9999-99-99T99:99:99.999999',
    ];
    for (const text of wrong) assert.equal(parseTimestamp(text), undefined, JSON.stringify(text));
  });

  it('of any moment come back as they went in', () => {
    const micros = fc.integer({ min: 0, max: 8_993_721_599_999_999 });
    fc.assert(
      fc.property(micros, (moment) => {
        const millis = Math.floor(moment / 1000);
        const text = `${new Date(millis).toISOString().slice(0, 23)}${String(moment % 1000).padStart(3, '0')}`;
        assert.equal(parseTimestamp(text), moment);
      }),
      property(1000),
    );
  });
});
