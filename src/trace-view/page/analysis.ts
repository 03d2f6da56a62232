/** Why a trace is slow: its critical path, its operations, and the queries that it repeats. */
import { html } from 'hono/html';
import { criticalPath, pathSteps } from '../critical-path.js';
import { formatCount, formatMicros, plural } from '../format.js';
import { type Operation, operationsOf, type RepeatedQuery, repeatedQueries } from '../operations.js';
import { durationOf } from '../span.js';
import type { Html } from './layout.js';
import type { TraceView } from './trace-view.js';

/** Steps of the critical path that take less than this part of it are only summed up. */
const SHORT_STEP = 1 / 200;
const MOST_OPERATIONS = 100;

export function analysis(view: TraceView): Html {
  const operations = operationsOf(view.trace.nodes);
  const repeated = repeatedQueries(view.trace.nodes);
  return html`${pathSection(view)}
${operations.length === 0 ? '' : operationSection(operations, view)}
${repeated.length === 0 ? '' : repeatedSection(repeated, view)}`;
}

function pathSection(view: TraceView): Html | string {
  const steps = pathSteps(criticalPath(view.trace));
  const total = steps.reduce((sum, { micros }) => sum + micros, 0);
  const long = steps.filter(({ micros }) => micros >= total * SHORT_STEP);
  if (long.length === 0) return '';
  const rest = total - long.reduce((sum, { micros }) => sum + micros, 0);
  const short = steps.length - long.length;
  return section(
    'Critical path',
    `${formatMicros(total)} that the client waited for, ${plural(steps.length, 'span')}`,
    html`<thead><tr><th scope="col">Span, by time</th><th scope="col" class="number">At</th><th scope="col" class="number">Duration</th><th scope="col" class="number">Waited for itself</th></tr></thead>
<tbody>${long.map(
      ({ node: { span }, micros }) =>
        html`<tr><th scope="row">${name(span.service, span.name, view, span.spanId)}</th><td class="number">+${formatMicros(span.startMicros - view.trace.startMicros)}</td><td class="number">${formatMicros(durationOf(span))}</td><td class="number">${formatMicros(micros)}</td></tr>`,
    )}${short === 0 ? '' : html`<tr><th scope="row" class="muted">${plural(short, 'shorter one')}</th><td></td><td></td><td class="number">${formatMicros(rest)}</td></tr>`}</tbody>`,
  );
}

function operationSection(operations: readonly Operation[], view: TraceView): Html {
  const hidden = operations.length - MOST_OPERATIONS;
  return section(
    'Operations',
    `${formatCount(operations.length)}, by their own time`,
    html`<thead><tr><th scope="col">Operation</th><th scope="col" class="number">Count</th><th scope="col" class="number">Total</th><th scope="col" class="number">Own time</th><th scope="col" class="number">Median</th><th scope="col" class="number">p95</th><th scope="col" class="number">Longest</th></tr></thead>
<tbody>${operations
      .slice(0, MOST_OPERATIONS)
      .map(
        ({ service, name: of, count, total, self, median, p95, longest, errors }) =>
          html`<tr><th scope="row">${name(service, of, view)}${errors > 0 ? html` <span class="badge bad">✗ ${formatCount(errors)}</span>` : ''}</th><td class="number">${formatCount(count)}</td>${[total, self, median, p95, longest].map((micros) => html`<td class="number">${formatMicros(micros)}</td>`)}</tr>`,
      )}${hidden > 0 ? html`<tr><td class="muted" colspan="7">${plural(hidden, 'more operation')}</td></tr>` : ''}</tbody>`,
  );
}

function repeatedSection(queries: readonly RepeatedQuery[], view: TraceView): Html {
  const micros = queries.reduce((sum, query) => sum + query.micros, 0);
  return section(
    'Repeated queries',
    `${formatCount(queries.length)}, each several times below one span: ${formatMicros(micros)} in all`,
    html`<thead><tr><th scope="col">Query</th><th scope="col">Below</th><th scope="col" class="number">Most below one</th><th scope="col" class="number">In all</th><th scope="col" class="number">Time</th></tr></thead>
<tbody>${queries.map(
      ({ service, name: query, below, parents, count, most, micros: time, parentId }) =>
        html`<tr><th scope="row">${query}</th><td>${name(service, below, view, parentId)} <span class="muted">×${formatCount(parents)}</span></td><td class="number">${formatCount(most)}</td><td class="number">${formatCount(count)}</td><td class="number">${formatMicros(time)}</td></tr>`,
    )}</tbody>`,
  );
}

function section(title: string, remark: string, table: Html): Html {
  return html`<details class="services-table"><summary><h2>${title}</h2><span class="muted">${remark}</span></summary>
<div class="scroll" tabindex="0" role="region" aria-label="${title}"><table>${table}</table></div></details>`;
}

/** @param spanId of the span that the name leads to */
function name(service: string, text: string, { slots, traceId }: TraceView, spanId?: string): Html {
  const chip = html`<span class="chip s${slots.get(service) ?? 0}">${service || '?'}</span>`;
  return spanId === undefined
    ? html`${chip} ${text}`
    : html`${chip} <a href="/traces/${traceId}/spans/${spanId}">${text}</a>`;
}
