/** What each service did in a trace, in figures. Pure. */
import { formatCount, formatMicros } from '../format.js';
import type { TraceNode } from '../trace.js';
import type { Palette } from './palette.js';
import { cut, paint, printable, type Segment, widthOf } from './text.js';

export interface ServiceTotal {
  readonly service: string;
  readonly spans: number;
  readonly statements: number;
  readonly errors: number;
  /** Microseconds in which none of its spans' children ran, summed; spans that ran at once count each. */
  readonly selfMicros: number;
}

/** By self time, the longest first. */
export function totalsByService(nodes: readonly TraceNode[]): ServiceTotal[] {
  const totals = new Map<string, { -readonly [Key in keyof ServiceTotal]: ServiceTotal[Key] }>();
  for (const { span, selfMicros } of nodes) {
    const { service } = span;
    const total = totals.get(service) ?? { service, spans: 0, statements: 0, errors: 0, selfMicros: 0 };
    total.spans++;
    if (span.statement !== undefined) total.statements++;
    if (span.error !== undefined) total.errors++;
    total.selfMicros += selfMicros;
    totals.set(service, total);
  }
  return [...totals.values()].sort((a, b) => b.selfMicros - a.selfMicros || (a.service < b.service ? -1 : 1));
}

const HEADINGS = ['spans', 'SQL', 'errors', 'self time'] as const;
/** The widths of the columns under the headings, where there is room for them and where there is little. */
const WIDE = [11, 11, 11, 11] as const;
const NARROW = [7, 7, 7, 10] as const;
const WIDE_FROM_COLUMNS = 64;
const MARGIN = '  ';

/** A table with a bar for the self time, as wide as the page allows. */
export function renderTotals(
  totals: readonly ServiceTotal[],
  palette: Palette,
  { columns, colour }: { readonly columns: number; readonly colour: boolean },
): string[] {
  const widths = columns < WIDE_FROM_COLUMNS ? NARROW : WIDE;
  const figures = (...texts: string[]) => texts.map((text, index) => text.padStart(widths[index]!)).join('');
  const forFigures = widths.reduce<number>((sum, width) => sum + width, MARGIN.length);
  const names = totals.map(({ service }) => cut(printable(service) || '?', columns - forFigures));
  const nameWidth = Math.max('service'.length, ...names.map(widthOf));
  const barWidth = Math.max(0, Math.min(40, columns - nameWidth - forFigures - MARGIN.length));
  const longest = Math.max(1, ...totals.map(({ selfMicros }) => selfMicros));
  const heading = `${MARGIN}${'service'.padEnd(nameWidth)}${figures(...HEADINGS)}`;
  const rows = totals.map(({ service, spans, statements, errors, selfMicros }, index): Segment[] => {
    const own = palette.get(service);
    const styles = own === undefined ? [] : [own];
    return [
      { text: MARGIN + names[index]! + ' '.repeat(nameWidth - widthOf(names[index]!)), styles },
      { text: figures(formatCount(spans), formatCount(statements)) },
      { text: formatCount(errors).padStart(widths[2]), styles: errors > 0 ? ['red'] : [] },
      { text: formatMicros(selfMicros).padStart(widths[3]) },
      { text: MARGIN + '━'.repeat(Math.round((selfMicros / longest) * barWidth)), styles },
    ];
  });
  return [[{ text: heading, styles: ['dim'] } as const], ...rows].map((row) => paint(row, colour));
}
