/** One trace: what it was, what each service did in it, and its waterfall. */
import { html } from 'hono/html';
import { clockTime, formatCount, formatMicros, isoTime, plural } from '../format.js';
import { totalsByService } from '../services.js';
import { linkTo } from '../trace-link.js';
import { analysis } from './analysis.js';
import { axis } from './bars.js';
import { type Html, layout } from './layout.js';
import { badges } from './trace-table.js';
import type { TraceView } from './trace-view.js';
import type { MoreRow, Unfolding, WaterfallRow } from './waterfall.js';
import { rowsHtml } from './waterfall-html.js';

export interface TracePageOptions {
  readonly rows: readonly (WaterfallRow | MoreRow)[];
  /** What the rows are, when they are not all of the trace. */
  readonly unfolding: Unfolding;
  /** What was looked for in the trace, when anything was. */
  readonly find?: { readonly text: string; readonly onlyErrors: boolean; readonly found: number };
}

export function tracePage(view: TraceView, options: TracePageOptions): Html {
  const { traceId, summary, trace, open } = view;
  const refresh = open.length > 0 ? 'data-refresh' : '';
  return layout({
    title: summary.name || traceId,
    refreshes: open.length > 0,
    content: html`<nav class="crumbs"><a href="/">Recent traces</a> ›</nav>
<div id="trace-head" class="trace-head" ${refresh}>${heading(view)}</div>
${services(view)}
${analysis(view)}
<section class="waterfall-section" aria-labelledby="waterfall-title">
${tools(view, options)}
<table id="waterfall" ${refresh} class="waterfall" role="treegrid" aria-labelledby="waterfall-title" data-trace="${traceId}" data-query="${options.unfolding.everySpan ? '&sql=1' : ''}">
<thead><tr role="row"><th role="columnheader" scope="col">Service and span</th><th role="columnheader" scope="col" class="number">Time</th><th role="columnheader" scope="col" class="bar">${axis(trace, formatMicros)}</th></tr></thead>
<tbody>
${rowsHtml(options.rows, view)}
</tbody>
</table>
<p class="muted keys"><kbd>↑</kbd> <kbd>↓</kbd> go from row to row, <kbd>→</kbd> <kbd>←</kbd> open and close, <kbd>Enter</kbd> shows a span. ● serves ○ calls · inner ≡ SQL; <b class="slow-key">bold</b> is the slowest path; the line below a bar is the critical path: when the client waited for it.</p>
${open.length > 0 ? html`<p class="muted keys">In progress: this page follows it until you open a row.</p>` : ''}
</section>`,
  });
}

function heading(view: TraceView): Html {
  const { traceId, summary, uiUrl } = view;
  const { baseId, name, service, startMicros, durationMicros, spans, calls, services: of } = summary;
  return html`<h1>${name || 'A trace without a name'} <span class="muted">${service}</span></h1>
<p class="facts"><span><b>${formatMicros(durationMicros)}</b></span> <span><b>${formatCount(spans)}</b> spans</span> <span><b>${of.size}</b> ${of.size === 1 ? 'service' : 'services'}</span> <span><b>${calls}</b> ${calls === 1 ? 'call' : 'calls'} of the client</span> <span><time datetime="${isoTime(startMicros)}">${clockTime(startMicros)} UTC</time></span> ${badges(view)}</p>
<p class="facts ids"><span>trace <code>${traceId}</code></span> ${
    baseId === undefined ? '' : html`<span>osprofiler <code>${baseId}</code></span>`
  } ${uiUrl === undefined ? '' : html`<span><a href="${linkTo(uiUrl, traceId)}" rel="noreferrer">Open in the backend ↗</a></span>`} <span>download <a href="/traces/${traceId}/otlp.json" download>OTLP/JSON</a> <a href="/traces/${traceId}/jaeger.json" download>Jaeger JSON</a></span></p>`;
}

function services({ trace, slots }: TraceView): Html {
  const totals = totalsByService(trace.nodes);
  const longest = Math.max(1, ...totals.map(({ selfMicros }) => selfMicros));
  return html`<details class="services-table"><summary><h2>Services</h2><span class="chips">${totals.map(
    ({ service }) => html`<span class="chip s${slots.get(service) ?? 0}">${service || '?'}</span> `,
  )}</span></summary>
<table>
<thead><tr><th scope="col">Service</th><th scope="col" class="number">Spans</th><th scope="col" class="number sql-count">SQL</th><th scope="col" class="number">Errors</th><th scope="col" class="number">Own time</th><th scope="col" class="bar"><span class="unseen">Own time, as a bar</span></th></tr></thead>
<tbody>${totals.map(
    ({ service, spans, statements, errors, selfMicros }) =>
      html`<tr><th scope="row"><span class="chip s${slots.get(service) ?? 0}">${service || '?'}</span></th><td class="number">${formatCount(spans)}</td><td class="number sql-count">${formatCount(statements)}</td><td class="number${errors > 0 ? ' bad' : ''}">${formatCount(errors)}</td><td class="number">${formatMicros(selfMicros)}</td><td class="bar"><svg width="100%" height="8" aria-hidden="true"><rect class="s${slots.get(service) ?? 0}" width="${((selfMicros / longest) * 100).toFixed(1)}%" height="8" rx="2"/></svg></td></tr>`,
  )}</tbody>
</table></details>`;
}

function tools({ traceId, summary }: TraceView, { unfolding, find }: TracePageOptions): Html {
  const path = `/traces/${traceId}`;
  const isPart = unfolding.under !== undefined || (unfolding.from ?? 0) > 0;
  const view = (href: string, text: string, isCurrent: boolean) =>
    html`<a href="${href}" ${isCurrent ? 'aria-current="page"' : ''}>${text}</a>`;
  const isFound = find !== undefined;
  return html`<div class="section-head"><h2 id="waterfall-title">Waterfall</h2>
<nav class="views" aria-label="Views">${view(path, 'Folded', !isPart && !isFound && !unfolding.everySpan)} ${view(`${path}?sql=1`, 'Every span', unfolding.everySpan === true)}${
    summary.errors > 0
      ? html` ${view(`${path}?errors=1`, `Errors (${formatCount(summary.errors)})`, find?.onlyErrors === true)}`
      : ''
  }</nav>
<form class="find" action="${path}" method="get" role="search"><label><span class="unseen">Find spans by words</span><input type="search" name="find" value="${find?.text ?? ''}" placeholder="Find spans" autocomplete="off" spellcheck="false" maxlength="200"></label></form></div>
${isPart ? html`<p class="muted">A part of the trace. <a href="${path}">Show all of it</a></p>` : ''}
${find === undefined ? '' : html`<p class="muted" role="status">${plural(find.found, 'span')} found${find.found > 200 ? ', the first 200 shown' : ''}. <a href="${path}">Back to the tree</a></p>`}`;
}
