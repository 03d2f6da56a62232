import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatDuration, formatSize, parseDuration, parseSize } from '../../src/settings/units.js';

const SEED = { seed: 7, numRuns: 200 };

describe('durations', () => {
  const right: [string, number][] = [
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['2d', 172_800_000],
    ['1.5s', 1500],
    ['4.35s', 4350],
    [' 10 s ', 10_000],
    ['0s', 0],
  ];
  for (const [text, expected] of right) {
    test(`${text} is ${expected} ms`, () => assert.equal(parseDuration(text), expected));
  }

  for (const wrong of [
    '',
    '5',
    's',
    '-1s',
    '1.0001ms',
    '1h30m',
    '1y',
    '1S',
    '1e3s',
    'constructor',
    '9999999999999d',
  ]) {
    test(`'${wrong}' is none`, () => assert.equal(parseDuration(wrong), undefined));
  }

  test('a bare number is milliseconds only where that is asked for', () => {
    assert.equal(parseDuration('200', true), 200);
    assert.equal(parseDuration('200'), undefined);
  });

  test('what is formatted reads back', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31), (ms) => assert.equal(parseDuration(formatDuration(ms)), ms)),
      SEED,
    );
  });
});

describe('sizes', () => {
  const right: [string, number][] = [
    ['64MiB', 64 * 2 ** 20],
    ['512k', 512 * 1024],
    ['1kB', 1000],
    ['2Gi', 2 ** 31],
    ['1.5m', 1.5 * 2 ** 20],
    ['4096', 4096],
    ['10b', 10],
  ];
  for (const [text, expected] of right) {
    test(`${text} is ${expected} bytes`, () => assert.equal(parseSize(text), expected));
  }

  for (const wrong of ['', '-1', '1.5', '1XB', '1 M iB', 'MiB', '__proto__']) {
    test(`'${wrong}' is none`, () => assert.equal(parseSize(wrong), undefined));
  }

  test('what is formatted reads back', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (bytes) => {
        const formatted = formatSize(bytes);
        // Beyond fifteen digits a size is not read: a petabyte is no setting of this program.
        if (bytes < 1e15) assert.equal(parseSize(formatted), bytes);
      }),
      SEED,
    );
  });
});
