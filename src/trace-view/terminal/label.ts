/** What a row says of its spans. Pure. */

import { byName, type Row } from '../fold.js';
import { formatCount, formatMicros } from '../format.js';
import { durationOf, type Span, type SpanKindName } from '../span.js';
import type { TraceNode } from '../trace.js';
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
  const isElsewhere = span.service !== options.service && row.form !== 'mixed';
  const service = isElsewhere ? `${printable(span.service) || '?'} ` : '';
  const { name, remarks } = wording(row, width - 2 - widthOf(service), options);
  return [
    { text: `${glyphOf(row)} `, styles: own },
    { text: service, styles: own },
    { text: name, styles: nameStyles(row, options.isSlowest) },
    { text: remarks, styles: ['dim'] },
    { text: statementOf(row, options), styles: ['dim'] },
  ];
}

function wording(row: Row, width: number, options: LabelOptions): { name: string; remarks: string } {
  const important = remarksOn(row, options);
  const all = (row.tucked ?? 0) === 0 ? important : [...important, `${formatCount(row.tucked!)} SQL`];
  for (const remarks of [bracketed(all), bracketed(important)]) {
    for (const name of [nameOf(row), shortNameOf(row)]) {
      if (widthOf(name) + widthOf(remarks) <= width) return { name, remarks };
    }
  }
  const remarks = bracketed(important);
  const forName = Math.min(width, Math.max(MIN_NAME_WIDTH, width - widthOf(remarks)));
  return { name: cut(shortNameOf(row), forName), remarks };
}

function bracketed(remarks: readonly string[]): string {
  return remarks.length === 0 ? '' : ` (${remarks.join(', ')})`;
}

/** `NotFound: The resource could not be found.`, in one line of any length. */
export function errorText({ error }: Span): string {
  if (error === undefined) return '';
  const type = error.type.slice(error.type.lastIndexOf('.') + 1);
  return printable([type, error.message].filter(Boolean).join(': ')) || 'failed';
}

function glyphOf({ nodes }: Row): string {
  const { span } = nodes[0]!;
  return span.statement === undefined ? GLYPHS[span.kind] : SQL_GLYPH;
}

function nameStyles({ form, nodes }: Row, isSlowest: boolean): Style[] {
  if (nodes[0]!.span.error !== undefined) return ['bold', 'red'];
  if (isSlowest) return ['bold'];
  return form === 'mixed' ? ['dim'] : [];
}

function nameOf(row: Row): string {
  const { form, nodes } = row;
  const name = printable(nodes[0]!.span.name);
  if (form === 'span') return name;
  if (form === 'chain') return chainName(nodes);
  return form === 'repeated' ? `${name} ×${formatCount(nodes.length)}` : mixedName(row);
}

/** `Client.create_port › ClientBase.post › do_request`: the class is not said again. */
function chainName(nodes: readonly TraceNode[]): string {
  let owner = '';
  const parts = nodes.map(({ span }) => {
    const name = printable(span.name);
    const ownerOfThis = name.slice(0, name.lastIndexOf('.') + 1);
    const part = ownerOfThis !== '' && ownerOfThis === owner ? name.slice(ownerOfThis.length) : name;
    owner = ownerOfThis;
    return part;
  });
  return parts.join(' › ');
}

/** `create_port › post › do_request`: functions without their classes. Paths and SQL stay as they are. */
function shortNameOf(row: Row): string {
  if (row.form === 'mixed') return nameOf(row);
  const times = row.form === 'repeated' ? ` ×${formatCount(row.nodes.length)}` : '';
  const shown = row.form === 'chain' ? row.nodes : row.nodes.slice(0, 1);
  const names = shown.map(({ span }) => {
    const name = printable(span.name);
    return /^[\w.]+$/.test(name) ? name.slice(name.lastIndexOf('.') + 1) : name;
  });
  return names.join(' › ') + times;
}

/** `98 SQL: SELECT role ×20, SELECT user ×12, …`: what takes longest first. */
function mixedName({ nodes, isRest = false }: Row): string {
  const what = nodes[0]!.span.statement === undefined ? 'brief' : isRest ? 'other SQL' : 'SQL';
  const groups = byName(nodes).sort((a, b) => totalMicros(b) - totalMicros(a));
  const names = groups.map((group) => {
    const name = printable(group[0]!.span.name);
    return group.length === 1 ? name : `${name} ×${formatCount(group.length)}`;
  });
  return `${formatCount(nodes.length)} ${what}: ${names.join(', ')}`;
}

function totalMicros(nodes: readonly TraceNode[]): number {
  return nodes.reduce((sum, { span }) => sum + durationOf(span), 0);
}

function remarksOn({ form, nodes }: Row, { briefMicros }: LabelOptions): string[] {
  const { span, isOrphan, lastMicros } = nodes[0]!;
  if (form === 'mixed') return [];
  if (form === 'repeated') {
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

function statementOf({ form, nodes }: Row, { showsStatements }: LabelOptions): string {
  const { statement = '' } = nodes[0]!.span;
  return showsStatements && form === 'span' && statement !== '' ? `  ${printable(statement)}` : '';
}
