/** Why traces were slow, and how two sets of them differ, as text for a terminal. Pure. */
import { type Comparison, type Difference, percentSlower, type Side } from '../compare.js';
import { criticalPath, pathSteps } from '../critical-path.js';
import { formatCount, formatMicros, plural } from '../format.js';
import { operationsOf, repeatedQueries } from '../operations.js';
import { durationOf, errorText } from '../span.js';
import type { Trace, TraceNode } from '../trace.js';
import { cut, paint, printable, type Style, widthOf } from './text.js';

export interface ReportOptions {
  /** Width in characters. */
  readonly columns: number;
  readonly colour: boolean;
}

/** Rows of each table. */
const MOST_ROWS = 20;
/** Steps of the critical path that take less than this part of it are only summed up. */
const SHORT_STEP = 1 / 100;

/** @returns lines with a newline after each. */
export function renderReport(traces: readonly Trace[], options: ReportOptions): string {
  const nodes = traces.flatMap((trace) => trace.nodes);
  const byLength = [...traces].sort((a, b) => lengthOf(b) - lengthOf(a));
  const [longest] = byLength;
  if (longest === undefined) return 'No trace in it.\n';
  const facts = [
    plural(traces.length, 'trace'),
    plural(nodes.length, 'span'),
    formatMicros(lengthOf(longest)),
  ];
  const lines = [
    facts.join(', '),
    ...pathTable(longest, traces.length > 1, options),
    ...operationTable(nodes, options),
    ...repeatedTable(nodes, options),
    ...errorTable(nodes, options),
  ];
  return `${lines.join('\n')}\n`;
}

/** @returns lines with a newline after each. */
export function renderComparison({ before, after, differences }: Comparison, options: ReportOptions): string {
  const side = (name: string, { traces, spans, waitedMicros }: Side) =>
    `${name}  ${plural(traces, 'trace')}, ${plural(spans, 'span')}, the client waited ${formatMicros(waitedMicros)}`;
  const lines = [side('before', before), side('after ', after)];
  if (differences.length === 0) lines.push('', 'No difference.');
  else lines.push(...differenceTable(differences, options));
  return `${lines.join('\n')}\n`;
}

function lengthOf({ startMicros, lastMicros }: Trace): number {
  return lastMicros - startMicros;
}

function pathTable(trace: Trace, isOneOfMany: boolean, options: ReportOptions): string[] {
  const steps = pathSteps(criticalPath(trace));
  const total = steps.reduce((sum, { micros }) => sum + micros, 0);
  const long = steps.filter(({ micros }) => micros >= total * SHORT_STEP);
  const rest = total - long.reduce((sum, { micros }) => sum + micros, 0);
  const rows = long.map(({ node: { span }, micros }) => [
    nameOf(span),
    `+${formatMicros(span.startMicros - trace.startMicros)}`,
    formatMicros(durationOf(span)),
    formatMicros(micros),
  ]);
  const short = steps.length - long.length;
  if (short > 0) rows.push([plural(short, 'shorter one'), '', '', formatMicros(rest)]);
  const of = isOneOfMany ? ` of the longest trace, ${trace.nodes[0]?.span.traceId}` : '';
  const title = `Critical path${of}: ${formatMicros(total)}, by time`;
  return table(title, ['at', 'duration', 'own time'], rows, options);
}

function operationTable(nodes: readonly TraceNode[], options: ReportOptions): string[] {
  const operations = operationsOf(nodes);
  const rows = operations
    .slice(0, MOST_ROWS)
    .map((operation) => [
      nameOf(operation),
      formatCount(operation.count),
      ...[operation.total, operation.self, operation.median, operation.p95].map(formatMicros),
    ]);
  const title = `${plural(operations.length, 'operation')}, by own time`;
  return table(title, ['count', 'total', 'own time', 'median', 'p95'], rows, options);
}

function repeatedTable(nodes: readonly TraceNode[], options: ReportOptions): string[] {
  const queries = repeatedQueries(nodes);
  const rows = queries
    .slice(0, MOST_ROWS)
    .map(({ service, name, below, most, count, micros }) => [
      `${name} below ${service} ${below}`,
      formatCount(most),
      formatCount(count),
      formatMicros(micros),
    ]);
  return table('Repeated queries, by what they cost', ['most', 'in all', 'time'], rows, options);
}

function errorTable(nodes: readonly TraceNode[], options: ReportOptions): string[] {
  const counts = new Map<string, number>();
  for (const { span } of nodes) {
    if (span.error === undefined) continue;
    const text = `${nameOf(span)}  ✗ ${errorText(span)}`;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const rows = [...counts].sort(([, a], [, b]) => b - a).map(([text, count]) => [text, formatCount(count)]);
  return table('Errors', ['count'], rows.slice(0, MOST_ROWS), options, 'red');
}

function differenceTable(differences: readonly Difference[], options: ReportOptions): string[] {
  const rows = differences.slice(0, MOST_ROWS).map((difference) => {
    const { kind, before, after, selfChange } = difference;
    const percent = percentSlower(difference);
    const change = `${selfChange < 0 ? '−' : '+'}${formatMicros(Math.abs(selfChange))}`;
    return [
      `${kind.padEnd(7)}  ${nameOf(difference)}`,
      `${formatCount(before.count)} → ${formatCount(after.count)}`,
      formatMicros(before.self),
      formatMicros(after.self),
      change,
      Number.isFinite(percent) ? `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(0)} %` : '',
    ];
  });
  const hidden = differences.length - rows.length;
  return [
    ...table(
      `${plural(differences.length, 'difference')}, the largest change of own time first`,
      ['count', 'before', 'after', 'change', ''],
      rows,
      options,
    ),
    ...(hidden > 0 ? [`  ${formatCount(hidden)} more`] : []),
  ];
}

function nameOf({ service, name }: { readonly service: string; readonly name: string }): string {
  return `${service || '?'} ${name}`;
}

/** Nothing without rows. @param rows the first column is text, the others are figures */
function table(
  title: string,
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  { columns, colour }: ReportOptions,
  style?: Style,
): string[] {
  if (rows.length === 0) return [];
  const widths = headings.map((heading, index) =>
    Math.max(widthOf(heading), ...rows.map((row) => widthOf(row[index + 1] ?? ''))),
  );
  const forFigures = widths.reduce((sum, width) => sum + width + 2, 2);
  const forText = Math.max(20, columns - forFigures);
  const line = (text: string, figures: readonly string[], styles: readonly Style[]) => {
    const shown = cut(printable(text), forText);
    const padded = figures.map((figure, index) => ' '.repeat(2 + widths[index]! - widthOf(figure)) + figure);
    return paint(
      [{ text: `  ${shown}${' '.repeat(forText - widthOf(shown))}`, styles }, { text: padded.join('') }],
      colour,
    );
  };
  const own = style === undefined ? [] : [style];
  return [
    '',
    paint([{ text: cut(title, columns), styles: ['bold'] }], colour),
    line('', headings, ['dim']),
    ...rows.map(([text = '', ...figures]) => line(text, figures, own)),
  ];
}
