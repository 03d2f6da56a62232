/** The rows of a waterfall as rows of a table that works as a tree. */
import { html } from 'hono/html';
import type { PathPiece } from '../critical-path.js';
import { formatCount, formatMicros, plural } from '../format.js';
import { byName, chainNames, timeOf } from '../rows.js';
import { errorText, type SpanKindName } from '../span.js';
import type { TraceNode } from '../trace.js';
import { barOf, busyBarOf } from './bars.js';
import type { Html } from './layout.js';
import type { TraceView } from './trace-view.js';
import type { MoreRow, WaterfallRow } from './waterfall.js';

/** Deeper rows are not indented more. */
const DEEPEST_INDENT = 24;
/** Of spans that share a row, so many different ones are named. */
const MOST_NAMED = 4;
const LONGEST_ERROR = 300;

const KINDS: Readonly<Record<SpanKindName, readonly [glyph: string, words: string]>> = {
  server: ['●', 'serves'],
  client: ['○', 'calls'],
  internal: ['·', 'inner'],
};

export function rowsHtml(rows: readonly (WaterfallRow | MoreRow)[], view: TraceView): Html[] {
  return rows.map((row) => {
    if (!('nodes' in row)) return moreRow(row, view);
    return row.isGroup ? groupRow(row, view) : spanRow(row, view);
  });
}

function spanRow(row: WaterfallRow, view: TraceView): Html {
  const { nodes, state } = row;
  const [node] = nodes as readonly [TraceNode, ...TraceNode[]];
  const { span, hasError, isOrphan, size } = node;
  const { spanId, service, error, incomplete, statement } = span;
  const [glyph, words] = statement === undefined ? KINDS[span.kind] : ['≡', 'SQL'];
  const isSlow = nodes.some((one) => view.trace.slowest.has(one));
  const names = chainNames(nodes);
  return html`<tr id="s-${spanId}" role="row" class="span${error === undefined ? '' : ' failed'}${isSlow ? ' slow' : ''}" ${tree(row)} data-span="${spanId}">
<td role="gridcell" class="what d${indent(row)}"><div class="label s${slotOf(row, view)}">${toggle(row, view, span.name)}<span class="glyph" title="${words}">${glyph}</span><span class="service">${service || '?'}</span> <span class="name">${nodes.map(
    (one, index) =>
      html`${index === 0 ? '' : ' › '}<a href="/traces/${view.traceId}/spans/${one.span.spanId}" tabindex="-1">${names[index]}</a>`,
  )}</span>${badge('bad', error && '✗ error', errorText(span).slice(0, LONGEST_ERROR))}${badge(
    'bad inside',
    error === undefined && hasError && state === 'closed' && '✗ inside',
  )}${badge('warn', incomplete)}${badge('open', span.isOpen && 'in progress')}${badge('warn', isOrphan && !view.summary.isGathered(span) && 'parent missing')}${
    state === 'leaf' ? '' : html` <span class="inside muted">+${formatCount(size - nodes.length)}</span>`
  }</div></td>
<td role="gridcell" class="number time">${formatMicros(timeOf(row))}</td>
<td role="gridcell" class="bar">${barOf(node, view.trace, slotOf(row, view), pathOf(row, view))}</td>
</tr>`;
}

function groupRow(row: WaterfallRow, view: TraceView): Html {
  const { nodes } = row;
  const isSql = nodes[0]!.span.statement !== undefined;
  const name = `${formatCount(nodes.length)} × ${isSql ? 'SQL' : byName(nodes).length > 1 ? 'brief' : 'the same'}`;
  return html`<tr role="row" class="group" ${tree(row)}>
<td role="gridcell" class="what d${indent(row)}"><div class="label s${slotOf(row, view)}">${toggle(row, view, name)}<span class="glyph" title="${isSql ? 'SQL' : 'several'}">${isSql ? '≡' : '⋯'}</span><strong class="count">${name}</strong> <span class="names muted">${summaries(nodes)}</span></div></td>
<td role="gridcell" class="number time">${formatMicros(timeOf(row))}</td>
<td role="gridcell" class="bar">${busyBarOf(nodes, view.trace, slotOf(row, view), pathOf(row, view))}</td>
</tr>`;
}

function moreRow({ key, level, from, count }: MoreRow, { traceId }: TraceView): Html {
  return html`<tr role="row" class="more" aria-level="${level}" data-key="${key}" data-from="${from}" tabindex="-1">
<td role="gridcell" class="what d${indent({ level })}" colspan="3"><div class="label"><a href="/traces/${traceId}?under=${key}&amp;from=${from}" tabindex="-1">${plural(count, 'more row')}</a></div></td>
</tr>`;
}

/** What the script and screen readers go by. */
function tree({ key, level, state }: WaterfallRow): Html {
  const expanded = state === 'leaf' ? '' : html`aria-expanded="${state === 'open' ? 'true' : 'false'}"`;
  return html`aria-level="${level}" data-key="${key}" ${expanded} tabindex="-1"`;
}

/** Without the script a link to a page of what is below. */
function toggle({ key, state }: WaterfallRow, { traceId }: TraceView, name: string): Html {
  if (state === 'leaf') return html`<span class="toggle"></span>`;
  return html`<a class="toggle" href="/traces/${traceId}?under=${key}" tabindex="-1" aria-label="What is below ${name}"></a>`;
}

/** Nothing without a text. */
function badge(kind: string, text: string | false | undefined, title = ''): Html | string {
  return text ? html` <span class="badge ${kind}" title="${title}">${text}</span>` : '';
}

/** `SELECT role ×20, SELECT user ×12, …`: what takes longest first. */
function summaries(nodes: readonly TraceNode[]): string {
  const groups = byName(nodes);
  const named = groups.slice(0, MOST_NAMED).map((group) => {
    const { name } = group[0]!.span;
    return group.length === 1 ? name : `${name} ×${group.length}`;
  });
  return groups.length > MOST_NAMED ? `${named.join(', ')}, …` : named.join(', ');
}

function pathOf({ nodes }: WaterfallRow, { path }: TraceView): PathPiece[] {
  return nodes.flatMap((node) => path.get(node) ?? []).sort((a, b) => a.from - b.from);
}

function slotOf({ nodes }: WaterfallRow, { slots }: TraceView): number {
  return slots.get(nodes[0]!.span.service) ?? 0;
}

function indent({ level }: { readonly level: number }): number {
  return Math.min(level - 1, DEEPEST_INDENT);
}
