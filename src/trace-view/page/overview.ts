/** The first page: how broker, bridge and backend do, the recent traces, and what became of every notification. */
import { html } from 'hono/html';
import type { Account } from './accounts.js';
import type { PageFeed } from './feed.js';
import { type Html, layout } from './layout.js';
import type { Live, Overview } from './live.js';
import { PLOT_HEIGHT, PLOT_WIDTH } from './plot.js';
import type { Statement } from './status.js';

/** @param traces the list, as it is refreshed too. */
export function overviewPage(overview: Overview, feed: PageFeed, search: Html, traces: Html): Html {
  const { live } = overview;
  return layout({
    title: 'Recent traces',
    content: html`<h1 class="unseen">How the bridge does</h1>
${statements(overview, feed)}
${figures(live)}
<section class="traces" aria-labelledby="traces-title">
<div class="section-head"><h2 id="traces-title">Recent traces</h2> <span class="muted" data-text="kept">${live.texts['kept']}</span></div>
${search}
<div id="list" data-refresh="/traces">${traces}</div>
</section>
${accounts(overview)}`,
  });
}

function statements({ sources, backend }: Overview, feed: PageFeed): Html {
  return html`<section class="states" aria-label="State" data-live="/state">
${sources.map((source, index) => statement(`source-${index}`, 'Notifications', feed.source?.receivers[index]?.receiver.name ?? '', source))}
${statement('backend', 'Backend', feed.backend, backend)}
</section>`;
}

function statement(name: string, heading: string, what: string, { mood, word, text }: Statement): Html {
  return html`<article class="state" data-mood-of="${name}" data-mood="${mood}">
<h2>${heading} <span class="badge" data-text="${name}-word">${word}</span></h2>
<p data-text="${name}-text">${text}</p>
<p class="muted">${what}</p>
</article>`;
}

const FIGURES = [
  ['received-rate', 'Notifications in', 'a second, over the last minutes'],
  ['spans-rate', 'Spans taken', 'a second, over the last minutes'],
  ['lag', 'Lag', 'from a span’s end until the backend had it, the longest'],
  ['unsettled', 'Not settled yet', 'notifications of open trace points and of spans on their way'],
  ['queued', 'In the queue', 'notifications that wait at the broker'],
] as const;

function figures({ texts, plots, shown }: Live): Html {
  return html`<section class="figures" aria-label="Figures">
${FIGURES.map(
  ([
    name,
    label,
    meaning,
  ]) => html`<figure class="figure" ${shown[name] === false ? 'hidden' : ''} data-shown="${name}" title="${label}: ${meaning}">
<figcaption><span class="label">${label}</span> <strong data-text="${name}">${texts[name]}</strong> <span class="muted peak" data-text="${name}-top">${texts[`${name}-top`]}</span></figcaption>
<svg class="plot" viewBox="0 0 ${PLOT_WIDTH} ${PLOT_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}, ${meaning}" data-plot="${name}"><path class="area" d="${plots[name]?.area ?? ''}"/><path class="line" d="${plots[name]?.line ?? ''}"/></svg>
</figure>`,
)}
</section>`;
}

function accounts({ ledger, spans, live }: Overview): Html {
  if (ledger === undefined) return html``;
  return html`<section class="accounts" aria-labelledby="accounts-title">
<div class="section-head"><h2 id="accounts-title">What became of every notification</h2></div>
<p class="law" data-mood-of="law" data-mood="${live.moods['law']}"><span data-text="law">${live.texts['law']}</span></p>
<table>
<thead><tr><th scope="col">Outcome</th><th scope="col" class="number">Count</th><th scope="col">What it means, and what to do</th></tr></thead>
<tbody>
${ledger.accounts.map((account) => accountRow(account, live))}
</tbody>
<tbody>
${spans.map((account) => accountRow(account, live))}
</tbody>
</table>
</section>`;
}

function accountRow({ key, label, advice }: Account, { texts, moods, shown }: Live): Html {
  const name = `count-${key}`;
  return html`<tr ${shown[name] === false ? 'hidden' : ''} data-shown="${name}" data-mood-of="${name}" data-mood="${moods[name]}">
<th scope="row">${label}</th><td class="number" data-text="${name}">${texts[name]}</td><td class="muted">${advice}</td></tr>`;
}
