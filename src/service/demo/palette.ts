/** A colour for each service: the same one in every trace, as far as no two services of a trace get the same. Pure. */
import type { Style } from './terminal.js';

/** Red is for errors. */
const COLOURS: readonly Style[] = [
  'cyan',
  'green',
  'yellow',
  'blue',
  'magenta',
  'brightCyan',
  'brightGreen',
  'brightYellow',
  'brightBlue',
  'brightMagenta',
];

export type Palette = ReadonlyMap<string, Style>;

export function paletteFor(services: Iterable<string>): Palette {
  const palette = new Map<string, Style>();
  const free = new Set(COLOURS);
  for (const service of [...new Set(services)].sort()) {
    if (free.size === 0) for (const colour of COLOURS) free.add(colour);
    let slot = hash(service) % COLOURS.length;
    while (!free.has(COLOURS[slot]!)) slot = (slot + 1) % COLOURS.length;
    palette.set(service, COLOURS[slot]!);
    free.delete(COLOURS[slot]!);
  }
  return palette;
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}
