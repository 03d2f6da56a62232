import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ProgressBar } from '../../src/cli/progress.js';

function drawn(isShown: boolean, draw: (bar: ProgressBar) => void, columns = 80): string {
  const parts: string[] = [];
  const stream = { columns, write: (part: string) => parts.push(part) } as unknown as NodeJS.WriteStream;
  const bar = new ProgressBar(stream, isShown);
  draw(bar);
  bar.end();
  return parts.join('');
}

describe('the progress bar', () => {
  test('shows part, amount and time left, and is removed at the end', () => {
    const text = drawn(true, (bar) => bar.update(3_000_000, 4_000_000));
    assert.match(text, /replay █{30}░{10} 75 % {2}3\.0 MB {2}0 s left/);
    assert.ok(text.endsWith('\r\x1b[K'));
  });

  test('fits a narrow terminal', () => {
    const [, line = ''] = drawn(true, (bar) => bar.update(1, 2), 20).split('\x1b[K');
    assert.ok(line.replace('\r', '').length < 20, line);
  });

  test('shows nothing in a pipe, nor when the end is not known', () => {
    assert.equal(
      drawn(false, (bar) => bar.update(1, 2)),
      '',
    );
    assert.equal(
      drawn(true, (bar) => bar.update(1, undefined)),
      '',
    );
  });
});
