/** The colours of services at a terminal. Pure. */
import { slotsFor } from '../colours.js';
import type { Style } from './text.js';

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
  const slots = slotsFor(services, COLOURS.length);
  return new Map(Array.from(slots, ([service, slot]) => [service, COLOURS[slot]!]));
}
