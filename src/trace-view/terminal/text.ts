/** Text for terminals: colours, widths, and nothing that a terminal would obey. Pure. */
import { stripVTControlCharacters } from 'node:util';

const SGR = {
  bold: 1,
  dim: 2,
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36,
  brightGreen: 92,
  brightYellow: 93,
  brightBlue: 94,
  brightMagenta: 95,
  brightCyan: 96,
} as const;

export type Style = keyof typeof SGR;

/** A piece of a line in one look. Its text is printable. */
export interface Segment {
  readonly text: string;
  readonly styles?: readonly Style[];
}

/** Of a stream, what decides on colour and width. */
export interface Screen {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

const DEFAULT_COLUMNS = 80;
const MIN_COLUMNS = 40;
const MAX_COLUMNS = 240;

/** As Node.js decides: FORCE_COLOR over NO_COLOR (see no-color.org) over what the stream is. */
export function wantsColour(screen: Screen, env: NodeJS.ProcessEnv): boolean {
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  if ((env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb') return false;
  return screen.isTTY === true;
}

/** The terminal's width; elsewhere COLUMNS, which shells do not export by themselves, or 80. */
export function columnsOf(screen: Screen, env: NodeJS.ProcessEnv): number {
  const columns = (screen.isTTY === true ? screen.columns : Number(env['COLUMNS'])) || DEFAULT_COLUMNS;
  return Math.min(MAX_COLUMNS, Math.max(MIN_COLUMNS, Math.floor(columns)));
}

/** Text off the wire as one line that moves no cursor: without escape sequences, controls and invisible characters. */
export function printable(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return stripVTControlCharacters(text)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/[\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu, '');
}

/** Columns that printable text takes. */
export function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

function characterWidth(character: string): number {
  if (/^\p{M}$/u.test(character)) return 0;
  const code = character.codePointAt(0)!;
  return code >= 0x1100 && WIDE.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}

/** What terminals draw two columns wide. Source: Unicode's EastAsianWidth.txt, by its larger blocks. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1faff],
  [0x20000, 0x3fffd],
];

/** Cuts text to a width, with an ellipsis where something was lost. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  let used = 1;
  for (const character of text) {
    used += characterWidth(character);
    if (used > width) break;
    kept += character;
  }
  return width < 1 ? '' : `${kept.trimEnd()}…`;
}

/** Cuts and pads segments to exactly a width. */
export function fit(segments: readonly Segment[], width: number): Segment[] {
  const fitted: Segment[] = [];
  let left = width;
  for (const segment of segments) {
    const text = cut(segment.text, left);
    if (text !== '') fitted.push({ ...segment, text });
    left -= widthOf(text);
    if (text !== segment.text) break;
  }
  return [...fitted, { text: ' '.repeat(Math.max(0, left)) }];
}

/** A line of text out of segments, without the spaces at its end. */
export function paint(segments: readonly Segment[], colour: boolean): string {
  if (!colour)
    return segments
      .map(({ text }) => text)
      .join('')
      .trimEnd();
  return segments.map(paintSegment).join('').trimEnd();
}

function paintSegment({ text, styles = [] }: Segment): string {
  if (styles.length === 0 || text.trim() === '') return text;
  return `\x1b[${styles.map((style) => SGR[style]).join(';')}m${text}\x1b[0m`;
}
