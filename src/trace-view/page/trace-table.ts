/** The list of recent traces, and the form above it. */
import { html } from 'hono/html';
import { clockTime, formatCount, formatMicros, isoTime, plural } from '../format.js';
import { linkTo } from '../trace-link.js';
import type { CurrentTrace } from './current-traces.js';
import type { Html } from './layout.js';
import type { RecentTraces } from './recent-traces.js';
import { formatQuery, idIn, type ListedTraces, type ListQuery } from './trace-list.js';
import type { TraceSummary } from './trace-summary.js';

/** Services named in a row; the others are counted. */
const MOST_SERVICES = 6;

export function searchForm({ text, onlyErrors, onlyIncomplete }: ListQuery): Html {
  return html`<form class="search" action="/" method="get" role="search">
<label class="query"><span class="unseen">Search by the UUID that openstack --os-profile printed, a trace id, or words of names, attributes and errors</span>
<input type="search" name="q" value="${text}" placeholder="UUID from openstack --os-profile, trace id, or words: a service, a path, an error" autocomplete="off" spellcheck="false" maxlength="200"></label>
<label class="choice"><input type="checkbox" name="errors" value="1" ${onlyErrors ? 'checked' : ''}> errors</label>
<label class="choice"><input type="checkbox" name="incomplete" value="1" ${onlyIncomplete ? 'checked' : ''}> incomplete</label>
<button>Search</button>
</form>`;
}

export function traceTable(
  listed: ListedTraces,
  query: ListQuery,
  traces: RecentTraces,
  uiUrl?: string,
): Html {
  if (listed.traces.length === 0) return nothing(query, traces, uiUrl);
  const longest = Math.max(1, ...listed.traces.map(({ summary }) => summary.durationMicros));
  return html`<table class="trace-list">
<thead><tr><th scope="col">Trace</th><th scope="col">Services</th><th scope="col" class="when">Start, UTC</th><th scope="col" class="number">Duration</th><th scope="col" class="number">Spans</th><th scope="col">Remarks</th></tr></thead>
<tbody>
${listed.traces.map((trace) => traceRow(trace, longest))}
</tbody>
</table>
${pages(listed, query)}`;
}

function traceRow(trace: CurrentTrace, longest: number): Html {
  const { traceId, summary } = trace;
  const { name, service, calls, startMicros, durationMicros, spans } = summary;
  const others = calls > 1 ? html` <span class="muted more">+ ${plural(calls - 1, 'more call')}</span>` : '';
  return html`<tr>
<td class="what"><a href="/traces/${traceId}" id="t-${traceId}"><strong>${name || 'no name'}</strong></a>${others}<br><span class="muted">${service}</span> <code class="id">${traceId.slice(0, 8)}</code></td>
<td class="services"><span class="chips">${serviceChips(summary)}</span></td>
<td class="when"><time datetime="${isoTime(startMicros)}">${clockTime(startMicros)}</time></td>
<td class="number time"><span>${formatMicros(durationMicros)}</span><svg class="length" aria-hidden="true" width="100%" height="4"><rect width="${((durationMicros / longest) * 100).toFixed(1)}%" height="4" rx="2"/></svg></td>
<td class="number spans">${formatCount(spans)}<span class="unit"> spans</span></td>
<td class="remarks">${badges(trace)}</td>
</tr>`;
}

/** Errors and the like, as badges. */
export function badges({ kept, summary }: Pick<CurrentTrace, 'kept' | 'summary'>): Html {
  const { errors, incomplete, open } = summary;
  const { unkept = 0 } = kept ?? {};
  return html`${open > 0 ? html`<span class="badge open">in progress</span> ` : ''}${errors > 0 ? html`<span class="badge bad">✗ ${plural(errors, 'error')}</span> ` : ''}${
    incomplete > 0 ? html`<span class="badge warn">${formatCount(incomplete)} incomplete</span> ` : ''
  }${unkept > 0 ? html`<span class="badge warn">${formatCount(unkept)} spans not kept</span>` : ''}`;
}

function serviceChips({ services, slots }: TraceSummary): Html[] {
  const byCount = [...services].sort(([a, many], [b, few]) => few - many || (a < b ? -1 : 1));
  const chips = byCount
    .slice(0, MOST_SERVICES)
    .map(
      ([name, count]) =>
        html`<span class="chip s${slots.get(name) ?? 0}" title="${plural(count, 'span')}">${name}</span> `,
    );
  const rest = byCount.length - chips.length;
  return rest > 0 ? [...chips, html`<span class="muted">+ ${rest}</span>`] : chips;
}

function pages({ found, pages: count }: ListedTraces, query: ListQuery): Html {
  if (count < 2) return html``;
  const link = (page: number, text: string) =>
    html`<a href="/?${formatQuery({ ...query, page })}">${text}</a>`;
  return html`<nav class="pages" aria-label="Pages">${query.page > 1 ? link(query.page - 1, '← Later') : ''}
<span class="muted">${plural(found, 'trace')}, page ${query.page} of ${count}</span>
${query.page < count ? link(query.page + 1, 'Earlier →') : ''}</nav>`;
}

function nothing(query: ListQuery, { size, evicted }: RecentTraces, uiUrl: string | undefined): Html {
  if (size === 0 && query.text === '')
    return html`<p class="empty">No trace yet. Run <code>openstack --os-profile &lt;hmac key&gt; server list</code>; it appears here as soon as the backend has accepted its spans.</p>`;
  const id = idIn(query.text);
  if (id === undefined)
    return html`<p class="empty">No matching traces (${formatCount(size)} searched). <a href="/">Show all</a></p>`;
  const whereElse =
    uiUrl === undefined
      ? html`Look for <code>${id}</code> in the backend.`
      : html`<a href="${linkTo(uiUrl, id)}">Look for it in the backend.</a>`;
  return html`<p class="empty">No trace <code>${id}</code> among the ${plural(size, 'trace')} kept here${
    evicted > 0 ? ', the latest ones' : ''
  }. ${whereElse}</p>`;
}
