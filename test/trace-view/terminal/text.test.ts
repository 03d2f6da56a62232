import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatMicros } from '../../../src/trace-view/format.js';
import { paletteFor } from '../../../src/trace-view/terminal/palette.js';
import {
  columnsOf,
  cut,
  fit,
  paint,
  printable,
  wantsColour,
  widthOf,
} from '../../../src/trace-view/terminal/text.js';

describe('wantsColour', () => {
  it('colours terminals only', () => {
    assert.equal(wantsColour({ isTTY: true }, {}), true);
    assert.equal(wantsColour({}, {}), false);
    assert.equal(wantsColour({ isTTY: true }, { TERM: 'dumb' }), false);
  });

  it('heeds NO_COLOR, and FORCE_COLOR over it', () => {
    assert.equal(wantsColour({ isTTY: true }, { NO_COLOR: '1' }), false);
    assert.equal(wantsColour({ isTTY: true }, { NO_COLOR: '' }), true);
    assert.equal(wantsColour({}, { FORCE_COLOR: '1', NO_COLOR: '1' }), true);
    assert.equal(wantsColour({ isTTY: true }, { FORCE_COLOR: '0' }), false);
  });
});

describe('columnsOf', () => {
  it("is the terminal's width, otherwise COLUMNS or 80, within what can be read", () => {
    assert.equal(columnsOf({ isTTY: true, columns: 133 }, { COLUMNS: '60' }), 133);
    assert.equal(columnsOf({ columns: 133 }, { COLUMNS: '60' }), 60);
    assert.equal(columnsOf({}, {}), 80);
    assert.equal(columnsOf({}, { COLUMNS: 'wide' }), 80);
    assert.equal(columnsOf({ isTTY: true, columns: 10 }, {}), 40);
    assert.equal(columnsOf({ isTTY: true, columns: 9_999 }, {}), 240);
  });
});

describe('printable', () => {
  it('makes one line of text without sequences, controls and invisible characters', () => {
    assert.equal(printable('a\u001b[31mb\u001b[0m\r\n\tc\u0007\u0085d\u202e\u200be\ud800'), 'ab c de');
  });

  it('leaves letters of all scripts', () => {
    assert.equal(printable('tést-imagé-日本 👍'), 'tést-imagé-日本 👍');
  });
});

describe('cut and fit', () => {
  it('count the columns that characters take', () => {
    assert.equal(widthOf('é日本e\u0301'), 6);
    assert.equal(cut('日本語', 4), '日…');
    assert.equal(cut('abc', 3), 'abc');
    assert.equal(cut('abcd', 3), 'ab…');
    assert.equal(cut('abcd', 0), '');
  });

  it('fill the width exactly', () => {
    const line = fit([{ text: 'abc' }, { text: 'defgh', styles: ['red'] }, { text: 'lost' }], 6);
    assert.equal(paint(line, false), 'abcde…');
    assert.equal(paint(line, true), 'abc\u001b[31mde…\u001b[0m');
    assert.equal(
      fit([{ text: 'a' }], 3)
        .map(({ text }) => text)
        .join(''),
      'a  ',
    );
  });
});

describe('paletteFor', () => {
  it('gives a service the same colour every time, and no two services one while there are colours', () => {
    const services = ['nova-compute', 'nova-conductor', 'keystone-public', 'glance-api', 'neutron-server'];
    const palette = paletteFor(services);
    assert.deepEqual(paletteFor([...services].reverse()), palette);
    assert.equal(new Set(palette.values()).size, services.length);
  });

  it('has a colour for every service of many', () => {
    const services = Array.from({ length: 25 }, (_, index) => `service-${index}`);
    assert.equal(paletteFor(services).size, 25);
  });
});

describe('formatMicros', () => {
  it('writes three digits and the unit', () => {
    const cases: [number, string][] = [
      [0, '0'],
      [412, '412 µs'],
      [999, '999 µs'],
      [1_000, '1.0 ms'],
      [99_949, '99.9 ms'],
      [99_950, '100 ms'],
      [999_499, '999 ms'],
      [999_500, '1.00 s'],
      [12_345_678, '12.3 s'],
      [59_950_000, '1 m 00 s'],
      [185_000_000, '3 m 05 s'],
    ];
    for (const [micros, text] of cases) assert.equal(formatMicros(micros), text);
  });
});
