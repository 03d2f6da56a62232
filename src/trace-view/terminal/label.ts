/** What a row says of its spans. Pure. */
import { formatCount, formatMicros } from '../format.js';
import { byName, chainNames, type Row } from '../rows.js';
import type { SpanKindName } from '../span.js';
import type { Palette } from './palette.js';
import { cut, printable, type Segment, type Style, widthOf } from './text.js';

/** Whom a span serves: a caller elsewhere, nobody but its own process, or its process by calling elsewhere. */
export const GLYPHS: Readonly<Record<SpanKindName, string>> = { server: '●', client: '○', internal: '·' };
export const SQL_GLYPH = '≡';
const MIN_NAME_WIDTH = 12;

export interface LabelOptions {
  /** What the row hangs under belongs to this service; undefined for roots. */
  readonly service: string | undefined;
  readonly palette: Palette;
  readonly isSlowest: boolean;
  /** Adds the text of statements. */
  readonly showsStatements: boolean;
  /** Microseconds by which what a span set off may outlast it without remark. */
  readonly briefMicros: number;
}

/**
 * Glyph, service where it changes, name, and remarks. What is too long for the width first loses the classes of
 * functions, then the remark on SQL, then the end of the name.
 */
export function labelOf(row: Row, width: number, options: LabelOptions): Segment[] {
  const { span } = row.nodes[0]!;
  const colour = options.palette.get(span.service);
  const own: readonly Style[] = colour === undefined ? [] : [colour];
  const isElsewhere = span.service !== options.service && !isMixed(row);
  const service = isElsewhere ? `${printable(span.service) || '?'} ` : '';
  const { name, remarks } = wording(row, width - 2 - widthOf(service), options);
  const statement = options.showsStatements && !row.isGroup ? printable(span.statement ?? '') : '';
  return [
    { text: `${span.statement === undefined ? GLYPHS[span.kind] : SQL_GLYPH} `, styles: own },
    { text: service, styles: own },
    { text: name, styles: nameStyles(row, options.isSlowest) },
    { text: remarks, styles: ['dim'] },
    { text: statement === '' ? '' : `  ${statement}`, styles: ['dim'] },
  ];
}

function wording(row: Row, width: number, options: LabelOptions): { name: string; remarks: string } {
  const important = remarksOn(row, options);
  const all = row.counted === 0 ? important : [...important, `${formatCount(row.counted)} SQL`];
  for (const remarks of [bracketed(all), bracketed(important)]) {
    for (const name of [nameOf(row), shortNameOf(row)])
      if (widthOf(name) + widthOf(remarks) <= width) return { name, remarks };
  }
  const remarks = bracketed(important);
  const forName = Math.min(width, Math.max(MIN_NAME_WIDTH, width - widthOf(remarks)));
  return { name: cut(shortNameOf(row), forName), remarks };
}

function bracketed(remarks: readonly string[]): string {
  return remarks.length === 0 ? '' : ` (${remarks.join(', ')})`;
}

function nameStyles(row: Row, isSlowest: boolean): Style[] {
  if (row.nodes[0]!.span.error !== undefined) return ['bold', 'red'];
  if (isSlowest) return ['bold'];
  return isMixed(row) ? ['dim'] : [];
}

/** A group of spans with different names. */
function isMixed({ isGroup, nodes }: Row): boolean {
  return isGroup && byName(nodes).length > 1;
}

/** `98 SQL: SELECT role ×20, …`, `SELECT role ×20`, or `Client.create_port › ClientBase.post › do_request`. */
function nameOf(row: Row): string {
  const { isGroup, isRest, nodes } = row;
  if (!isGroup) return chainNames(nodes).map(printable).join(' › ');
  const names = byName(nodes).map((group) => {
    const name = printable(group[0]!.span.name);
    return group.length === 1 ? name : `${name} ×${formatCount(group.length)}`;
  });
  if (names.length === 1) return names[0]!;
  const what = nodes[0]!.span.statement === undefined ? 'brief' : isRest ? 'other SQL' : 'SQL';
  return `${formatCount(nodes.length)} ${what}: ${names.join(', ')}`;
}

/** `create_port › post › do_request`: functions without their classes. Paths and SQL stay as they are. */
function shortNameOf(row: Row): string {
  if (isMixed(row)) return nameOf(row);
  const { isGroup, nodes } = row;
  const names = (isGroup ? nodes.slice(0, 1) : nodes).map(({ span }) => {
    const name = printable(span.name);
    return /^[\w.]+$/.test(name) ? name.slice(name.lastIndexOf('.') + 1) : name;
  });
  return names.join(' › ') + (isGroup ? ` ×${formatCount(nodes.length)}` : '');
}

function remarksOn(row: Row, { briefMicros }: LabelOptions): string[] {
  const { isGroup, nodes } = row;
  const { span, isOrphan, lastMicros } = nodes[0]!;
  if (isGroup) {
    const inside = nodes.reduce((sum, { size }) => sum + size - 1, 0);
    return inside === 0 ? [] : [`+${formatCount(inside)} inside`];
  }
  const outlasts = lastMicros - span.endMicros > briefMicros;
  return [
    ...(isOrphan ? ['parent missing'] : []),
    ...(span.incomplete === undefined ? [] : [printable(span.incomplete)]),
    ...(outlasts ? [`${formatMicros(lastMicros - span.startMicros)} in all`] : []),
  ];
}
