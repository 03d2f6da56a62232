/** What each service did in a trace, as a table. Pure. */
import { formatCount, formatMicros } from '../format.js';
import type { ServiceTotal } from '../services.js';
import type { Palette } from './palette.js';
import { cut, paint, printable, type Segment, widthOf } from './text.js';

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
