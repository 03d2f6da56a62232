/** One span with everything that was exported of it. */
import type { AttributeValue } from '@opentelemetry/api';
import { html } from 'hono/html';
import { formatMicros } from '../format.js';
import { durationOf } from '../span.js';
import { isoTime } from './clock.js';
import { detailOf, type KeptSpan } from './kept-span.js';
import type { KeptTrace } from './kept-trace.js';
import { type Html, layout } from './layout.js';

/** Texts with more than one line, or longer than this, stand in a block of their own. */
const LONG_TEXT = 120;

export function spanDetail(span: KeptSpan, trace: KeptTrace): Html {
  const { attributes, events, resource } = detailOf(span);
  const { error, parentSpanId, startMicros } = span;
  const parent = parentSpanId === undefined ? undefined : trace.spans.get(parentSpanId);
  return html`<div class="detail">
<p class="facts"><span>start <b>+${formatMicros(startMicros - trace.startMicros)}</b></span> <span>duration <b>${formatMicros(durationOf(span))}</b></span> <span>kind <b>${span.kind}</b></span> <span>begun <b>${isoTime(startMicros)}</b></span> <span>span id <code>${span.spanId}</code></span> ${
    parentSpanId === undefined
      ? ''
      : html`<span>parent ${parent === undefined ? html`<code>${parentSpanId}</code> (not here)` : html`<a href="/traces/${trace.traceId}/spans/${parentSpanId}">${parent.name}</a>`}</span>`
  }</p>
${error === undefined ? '' : html`<p class="error"><b>✗ ${error.type || 'error'}</b> ${error.message}</p>`}
${table('Attributes', attributes)}
${events.map(({ name, micros, attributes: of }) => table(`Event ${name} at +${formatMicros(Math.max(0, micros - trace.startMicros))}`, of))}
${table('Resource', resource)}
</div>`;
}

export function spanPage(span: KeptSpan, trace: KeptTrace): Html {
  return layout({
    title: span.name,
    content: html`<nav class="crumbs"><a href="/">Recent traces</a> › <a href="/traces/${trace.traceId}">${trace.name || trace.traceId}</a></nav>
<h1>${span.name} <span class="muted">${span.service}</span></h1>
${spanDetail(span, trace)}`,
  });
}

function table(title: string, entries: readonly (readonly [string, AttributeValue])[]): Html {
  if (entries.length === 0) return html``;
  return html`<section><h3>${title}</h3><dl>${entries.map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${shown(value)}</dd></div>`,
  )}</dl></section>`;
}

function shown(value: AttributeValue): Html | string {
  const text = Array.isArray(value) ? value.map(String).join(', ') : String(value);
  const isLong = text.length > LONG_TEXT || text.includes('\n');
  return isLong ? html`<pre tabindex="0">${text}</pre>` : text;
}
