/** The operations in progress that have been running longest, of all traces. */
import { html } from 'hono/html';
import { clockTime, formatMicros, isoTime, plural } from '../format.js';
import { durationOf } from '../span.js';
import type { CurrentTraces, Running } from './current-traces.js';
import type { Html } from './layout.js';

const MOST_SHOWN = 10;

/** Nothing when nothing is in progress. */
export function runningTable(traces: CurrentTraces): Html | string {
  const { longest, openPoints } = traces.running(MOST_SHOWN);
  if (longest.length === 0) return '';
  return html`<section class="traces" aria-labelledby="running-title">
<div class="section-head"><h2 id="running-title">In progress</h2> <span class="muted">${plural(openPoints, 'open trace point')}; the longest running operations first</span></div>
<table class="running">
<thead><tr><th scope="col">Operation</th><th scope="col">Where it is now</th><th scope="col" class="when">Since, UTC</th><th scope="col" class="number">Running for</th></tr></thead>
<tbody>
${longest.map(runningRow)}
</tbody>
</table>
</section>`;
}

function runningRow({ span, inside }: Running): Html {
  const { traceId, spanId, name, service, startMicros } = span;
  const innermost = inside.at(-1) ?? span;
  const host = innermost.resource['host.name'];
  return html`<tr>
<td class="what"><a href="/traces/${traceId}#s-${spanId}"><strong>${name}</strong></a><br><span class="muted">${service}</span> <code class="id">${traceId.slice(0, 8)}</code></td>
<td class="where">${inside.map(({ name: inner }) => html` › ${inner}`)} <span class="muted">${innermost.service}${host === undefined ? '' : ` on ${host}`}</span></td>
<td class="when"><time datetime="${isoTime(startMicros)}">${clockTime(startMicros)}</time></td>
<td class="number time">${formatMicros(durationOf(span))}</td>
</tr>`;
}
