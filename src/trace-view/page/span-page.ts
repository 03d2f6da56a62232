/** One span with everything that was exported of it. */
import { html } from 'hono/html';
import { formatMicros, isoTime } from '../format.js';
import { type Attributes, durationOf, type Span, type Value } from '../span.js';
import { type Html, layout } from './layout.js';
import type { TraceView } from './trace-view.js';

/** Texts with more than one line, or longer than this, stand in a block of their own. */
const LONG_TEXT = 120;

export function spanDetail(span: Span, { traceId, trace }: TraceView): Html {
  const { error, parentSpanId, startMicros, attributes, events, resource } = span;
  const parent = parentSpanId === undefined ? undefined : trace.byId.get(parentSpanId)?.span;
  return html`<div class="detail">
<p class="facts"><span>start <b>+${formatMicros(startMicros - trace.startMicros)}</b></span> <span>duration <b>${formatMicros(durationOf(span))}</b></span> <span>kind <b>${span.kind}</b></span> <span>at <b>${isoTime(startMicros)}</b></span> <span>span id <code>${span.spanId}</code></span> ${
    parentSpanId === undefined
      ? ''
      : html`<span>parent ${parent === undefined ? html`<code>${parentSpanId}</code> (missing)` : html`<a href="/traces/${traceId}/spans/${parentSpanId}">${parent.name}</a>`}</span>`
  }</p>
${error === undefined ? '' : html`<p class="error"><b>✗ ${error.type || 'error'}</b> ${error.message}</p>`}
${table('Attributes', attributes)}
${events.map(({ name, micros, attributes: of }) => table(`Event ${name} at +${formatMicros(Math.max(0, micros - trace.startMicros))}`, of))}
${table('Resource', resource)}
</div>`;
}

export function spanPage(span: Span, view: TraceView): Html {
  const { traceId, summary } = view;
  return layout({
    title: span.name,
    content: html`<nav class="crumbs"><a href="/">Recent traces</a> › <a href="/traces/${traceId}">${summary.name || traceId}</a></nav>
<h1>${span.name} <span class="muted">${span.service}</span></h1>
${spanDetail(span, view)}`,
  });
}

function table(title: string, attributes: Attributes): Html | string {
  const entries = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return '';
  return html`<section><h3>${title}</h3><dl>${entries.map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${shown(value)}</dd></div>`,
  )}</dl></section>`;
}

function shown(value: Value): Html | string {
  const text = Array.isArray(value) ? value.map(String).join(', ') : String(value);
  const isLong = text.length > LONG_TEXT || text.includes('\n');
  return isLong ? html`<pre tabindex="0">${text}</pre>` : text;
}
