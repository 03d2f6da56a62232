/** The first page: the state of broker and backend, the recent traces, and what happened to every notification. */
import { html } from 'hono/html';
import { formatCount, formatMicros, plural } from '../format.js';
import { type Accounting, accountingOf, type Total } from './accounting.js';
import type { PageFeed } from './feed.js';
import type { Reading } from './history.js';
import { type Html, layout } from './layout.js';
import { PLOT_HEIGHT, PLOT_WIDTH, plotOf } from './plot.js';
import { backendStatus, receiverStatus, type Status } from './status.js';

/** Readings in the width of a plot: as many as were sampled, within these. */
const LEAST_SLOTS = 60;
const MOST_SLOTS = 300;

/** What stands between the figures and the accounting. */
export interface OverviewParts {
  readonly running: Html | string;
  readonly search: Html;
  readonly table: Html;
}

/** Elements with `data-refresh` are replaced by the script, every few seconds. @param now milliseconds since the epoch */
export function overviewPage(feed: PageFeed, now: number, parts: OverviewParts): Html {
  const { running, search, table } = parts;
  return layout({
    title: 'Recent traces',
    refreshes: true,
    content: html`<h1 class="unseen">Bridge status</h1>
<div id="status" data-refresh>
${statuses(feed, now)}
${figures(feed)}
</div>
<div id="running" data-refresh>${running}</div>
<section class="traces" aria-labelledby="traces-title">
<div class="section-head"><h2 id="traces-title">Recent traces</h2> <span class="muted" id="kept" data-refresh>${kept(feed)}</span></div>
${search}
${feed.leftOut.map((sentence) => html`<p class="muted left-out">${sentence}</p>`)}
<div id="list" data-refresh>${table}</div>
</section>
<div id="accounting" data-refresh>${accounting(feed)}</div>`,
  });
}

function statuses({ source, backend, backendFacts, redact }: PageFeed, now: number): Html {
  return html`<section class="states" aria-label="State">
${source?.receivers.map((receiver) => status('Notifications', receiver.receiver.name, receiverStatus(receiver, redact)))}
${status('Backend', backend, backendStatus(backendFacts, now, redact))}
</section>`;
}

function status(heading: string, what: string, { mood, word, text }: Status): Html {
  return html`<article class="state" data-mood="${mood}">
<h2>${heading} <span class="badge">${word}</span></h2>
<p>${text}</p>
<p class="muted">${what}</p>
</article>`;
}

function figures({ history, isLive }: PageFeed): Html {
  const slots = Math.min(MOST_SLOTS, Math.max(LEAST_SLOTS, history.length));
  const figure = (
    label: string,
    meaning: string,
    readings: readonly Reading[],
    now: Reading,
    show: (value: number) => string = formatCount,
  ) => {
    const { line, area, top } = plotOf(readings, slots);
    return html`<figure class="figure" title="${label}: ${meaning}">
<figcaption><span class="label">${label}</span> <strong>${now === undefined ? '–' : show(now)}</strong> <span class="muted peak">${top === 0 ? '' : `peak ${show(top)}`}</span></figcaption>
<svg class="plot" viewBox="0 0 ${PLOT_WIDTH} ${PLOT_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}, ${meaning}"><path class="area" d="${area}"/><path class="line" d="${line}"/></svg>
</figure>`;
  };
  const rate = (label: string, of: 'received' | 'spans') =>
    figure(label, 'per second, over the last minutes', history.rates(of), history.recentRate(of), perSecond);
  const value = (
    label: string,
    meaning: string,
    of: 'lagMs' | 'unacknowledged' | 'queued',
    show?: (value: number) => string,
  ) => figure(label, meaning, history.values(of), history.last(of), show);
  const millis = (ms: number) => formatMicros(Math.round(ms) * 1000);
  return html`<section class="figures" aria-label="Figures">
${rate('Received', 'received')}
${rate('Spans accepted', 'spans')}
${isLive ? value('Lag', 'from the end of a span until the backend had it, the longest', 'lagMs', millis) : ''}
${value('Unacknowledged', 'notifications of open trace points and of spans in flight', 'unacknowledged')}
${history.last('queued') === undefined ? '' : value('In the queue', 'notifications ready at the broker', 'queued')}
</section>`;
}

function perSecond(value: number): string {
  return `${formatCount(value < 10 && value > 0 ? Math.round(value * 10) / 10 : Math.round(value))}/s`;
}

function kept({ traces }: PageFeed): string {
  const evicted = traces.evicted === 0 ? '' : `; ${plural(traces.evicted, 'older one')} evicted`;
  return `${formatCount(traces.size)} kept${evicted}`;
}

function accounting({ source }: PageFeed): Html | string {
  if (source === undefined) return '';
  const totals = accountingOf(source.bridge.counts, source.bridge.unacknowledged);
  const isBalanced = totals.sum === totals.received;
  return html`<section class="accounting" aria-labelledby="accounting-title">
<div class="section-head"><h2 id="accounting-title">Notification accounting</h2></div>
<p class="balance" data-mood="${isBalanced ? 'good' : 'bad'}">${balance(totals)}</p>
<table>
<thead><tr><th scope="col">Outcome</th><th scope="col" class="number">Count</th><th scope="col">What it means, and what to do</th></tr></thead>
<tbody>
${totals.notifications.map(totalRow)}
</tbody>
<tbody>
${totals.spans.map(totalRow)}
</tbody>
</table>
</section>`;
}

function balance({ received, sum }: Accounting): string {
  const counted = `${formatCount(received)} received, ${formatCount(sum)} accounted for`;
  return received === sum ? `${counted}: nothing is missing` : `${counted}: please report this as a bug`;
}

function totalRow({ label, count, advice, isTrouble, isUsual }: Total): Html | string {
  if (count === 0 && !isUsual) return '';
  return html`<tr data-mood="${isTrouble && count > 0 ? 'bad' : 'idle'}">
<th scope="row">${label}</th><td class="number">${formatCount(count)}</td><td class="muted">${advice}</td></tr>`;
}
