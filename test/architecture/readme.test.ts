import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { coverOnePair } from '../support/one-pair.js';
import { FLOOR_NAMES, FLOORS } from './floors.js';

const readme = readFileSync('src/README.md', 'utf8');

/** From a heading to the next of its level or above. */
function section(heading: string): string {
  const level = heading.split(' ')[0]!;
  const text = readme.split(`\n${heading}\n`)[1];
  assert.ok(text !== undefined, `no section ${heading}`);
  return text.split(new RegExp(`^#{1,${level.length}} `, 'm'))[0]!;
}

describe('src/README.md', () => {
  it('has a line for each module, under its floor', () => {
    for (const floor of FLOOR_NAMES) {
      const lines = section(`### ${floor[0]!.toUpperCase()}${floor.slice(1)}`).split('\n');
      const cells = lines.filter((line) => line.startsWith('| `')).map((line) => line.split('|')[1]!);
      const modules = cells.flatMap((cell) => Array.from(cell.matchAll(/`([^`]+)`/g), ([, name]) => name!));
      assert.deepEqual(modules.sort(), [...FLOORS[floor]].sort());
    }
  });

  it('walks through the very files that a start and a stop of a SQL statement pass', async () => {
    const walk = section('## The way of a notification');
    const named = new Set(Array.from(walk.matchAll(/`([a-z/-]+\.ts)`/g), ([, file]) => file!));
    assert.deepEqual([...named].sort(), [...(await coverOnePair()).keys()].sort());
  });

  it('names methods in that walk that were called, but for those of other ways', async () => {
    const walk = section('## The way of a notification');
    const called = new Set([...(await coverOnePair()).values()].flat());
    const named = Array.from(
      walk.matchAll(/`([A-Z]\w+)\.([a-z]\w+)`/g),
      ([, type, name]) => [type!, name!] as const,
    );
    const uncalled = named.filter(([, name]) => !called.has(name)).map((parts) => parts.join('.'));
    assert.deepEqual(uncalled, ['Bridge.reject']);
  });

  it('names no file that is not there', () => {
    for (const [, file] of readme.matchAll(/`([\w/-]+\.(?:ts|mjs))`/g))
      assert.ok(existsSync(file!.startsWith('test/') ? file! : `src/${file}`), file);
  });
});
