/** The rows of a waterfall as rows of a table that works as a tree. */
import { html } from 'hono/html';
import { byName } from '../fold.js';
import { formatCount, formatMicros, plural } from '../format.js';
import { durationOf, type SpanKindName } from '../span.js';
import type { TraceNode } from '../trace.js';
import { barOf, busyBarOf } from './bars.js';
import type { Html } from './layout.js';
import type { TraceView } from './trace-view.js';
import type { MoreRow, WaterfallRow } from './waterfall.js';

/** Deeper rows stand no farther to the right. */
const DEEPEST_INDENT = 24;
/** Of statements that share a row, so many different ones are named. */
const MOST_NAMED = 4;

const KINDS: Readonly<Record<SpanKindName, readonly [glyph: string, words: string]>> = {
  server: ['●', 'serves'],
  client: ['○', 'calls'],
  internal: ['·', 'inner'],
};

export function rowsHtml(rows: readonly (WaterfallRow | MoreRow)[], view: TraceView): Html[] {
  return rows.map((row) => {
    if (row.kind === 'more') return moreRow(row, view);
    return row.kind === 'sql' ? sqlRow(row, view) : spanRow(row, view);
  });
}

function spanRow(row: WaterfallRow, view: TraceView): Html {
  const node = row.nodes[0]!;
  const { span, hasError, isOrphan } = node;
  const { traceId, spanId, service, error, incomplete } = span;
  const [glyph, words] = KINDS[span.kind];
  const slot = view.slots.get(service) ?? 0;
  const isSlow = view.tree.slowest.has(node);
  const classes = `${error === undefined ? '' : ' failed'}${isSlow ? ' slow' : ''}`;
  return html`<tr id="s-${spanId}" role="row" class="span${classes}" ${tree(row)} data-span="${spanId}">
<td role="gridcell" class="what d${indent(row)}"><div class="label s${slot}">${toggle(row, view, span.name)}<span class="glyph" title="${words}">${
    span.statement === undefined ? glyph : '≡'
  }</span><span class="service">${service || '?'}</span> <a class="name" href="/traces/${traceId}/spans/${spanId}" tabindex="-1">${span.name}</a>${
    error === undefined ? '' : html` <span class="badge bad" title="${errorWords(node)}">✗ error</span>`
  }${error === undefined && hasError && row.state === 'closed' ? html` <span class="badge bad inside">✗ inside</span>` : ''}${
    incomplete === undefined ? '' : html` <span class="badge warn">${incomplete}</span>`
  }${isOrphan && !view.trace.isGathered(span) ? html` <span class="badge warn">parent missing</span>` : ''}${inside(row, node)}</div></td>
<td role="gridcell" class="number time">${formatMicros(durationOf(span))}</td>
<td role="gridcell" class="bar">${barOf(node, view.tree, slot)}</td>
</tr>`;
}

function sqlRow(row: WaterfallRow, view: TraceView): Html {
  const { span } = row.nodes[0]!;
  const micros = row.nodes.reduce((sum, node) => sum + durationOf(node.span), 0);
  const slot = view.slots.get(span.service) ?? 0;
  const name = `${formatCount(row.nodes.length)} × SQL`;
  return html`<tr role="row" class="sql" ${tree(row)}>
<td role="gridcell" class="what d${indent(row)}"><div class="label s${slot}">${toggle(row, view, name)}<span class="glyph" title="SQL">≡</span><strong class="count">${name}</strong> <span class="names muted">${summaries(row.nodes)}</span></div></td>
<td role="gridcell" class="number time">${formatMicros(micros)}</td>
<td role="gridcell" class="bar">${busyBarOf(row.nodes, view.tree, slot)}</td>
</tr>`;
}

function moreRow({ key, level, from, count }: MoreRow, { trace }: TraceView): Html {
  return html`<tr role="row" class="more" aria-level="${level}" data-key="${key}" data-from="${from}" tabindex="-1">
<td role="gridcell" class="what d${indent({ level })}" colspan="3"><div class="label"><a href="/traces/${trace.traceId}?under=${key}&amp;from=${from}" tabindex="-1">${plural(count, 'more row')}</a></div></td>
</tr>`;
}

/** What the script and screen readers go by. */
function tree({ key, level, state }: WaterfallRow): Html {
  return state === 'leaf'
    ? html`aria-level="${level}" data-key="${key}" tabindex="-1"`
    : html`aria-level="${level}" data-key="${key}" aria-expanded="${state === 'open' ? 'true' : 'false'}" tabindex="-1"`;
}

/** Without the script a link to a page of what is below. */
function toggle({ key, state }: WaterfallRow, { trace }: TraceView, name: string): Html {
  if (state === 'leaf') return html`<span class="toggle"></span>`;
  return html`<a class="toggle" href="/traces/${trace.traceId}?under=${key}" tabindex="-1" aria-label="What is below ${name}"></a>`;
}

function inside({ state }: WaterfallRow, { size }: TraceNode): Html | string {
  return state === 'leaf' ? '' : html` <span class="inside muted">+${formatCount(size - 1)}</span>`;
}

/** `SELECT role ×20, SELECT user ×12, …`: what takes longest first. */
function summaries(nodes: readonly TraceNode[]): string {
  const micros = (group: readonly TraceNode[]) => group.reduce((sum, { span }) => sum + durationOf(span), 0);
  const groups = byName(nodes).sort((a, b) => micros(b) - micros(a));
  const named = groups
    .slice(0, MOST_NAMED)
    .map((group) => (group.length === 1 ? group[0]!.span.name : `${group[0]!.span.name} ×${group.length}`));
  return groups.length > MOST_NAMED ? `${named.join(', ')}, …` : named.join(', ');
}

function errorWords({ span: { error } }: TraceNode): string {
  return [error?.type, error?.message].filter(Boolean).join(': ').slice(0, 300);
}

function indent({ level }: { readonly level: number }): number {
  return Math.min(level - 1, DEEPEST_INDENT);
}
