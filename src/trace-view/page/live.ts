/** Everything on the overview that changes by itself, by name: for the page as it is sent, and for its refreshing. */
import { formatCount, formatMicros } from '../format.js';
import { type Account, type Ledger, ledgerOf, spanAccounts } from './accounts.js';
import type { PageFeed } from './feed.js';
import type { Reading } from './history.js';
import { plotOf } from './plot.js';
import { type Mood, type Statement, sayBackend, sayReceiver } from './status.js';

/** What `/state` answers. */
export interface Live {
  /** The text of each element by its `data-text`. */
  readonly texts: Readonly<Record<string, string>>;
  /** The `data-mood` of each element by its `data-mood-of`. */
  readonly moods: Readonly<Record<string, Mood>>;
  /** The paths of each plot by its `data-plot`. */
  readonly plots: Readonly<Record<string, { readonly line: string; readonly area: string }>>;
  /** Whether the element with this `data-shown` is shown. */
  readonly shown: Readonly<Record<string, boolean>>;
}

/** Everything that the overview shows beside the traces, at one moment. */
export interface Overview {
  readonly live: Live;
  readonly sources: readonly Statement[];
  readonly backend: Statement;
  readonly ledger: Ledger | undefined;
  readonly spans: readonly Account[];
}

/** Seconds in the width of a plot: as many as were sampled, within these. */
const LEAST_SLOTS = 60;
const MOST_SLOTS = 300;

export function overviewOf(feed: PageFeed, now: number): Overview {
  const { source, history, traces, hide } = feed;
  const sources = (source?.receivers ?? []).map((receiver) => sayReceiver(receiver, hide));
  const backend = sayBackend(feed.backendFacts, now, hide);
  const ledger = source && ledgerOf(source.bridge.counts, source.bridge.unsettled);
  const spans = source === undefined ? [] : spanAccounts(source.bridge.counts);
  const figures = figuresOf(feed);
  const accounts = [...(ledger?.accounts ?? []), ...spans];
  return {
    sources,
    backend,
    ledger,
    spans,
    live: {
      texts: {
        ...Object.fromEntries(
          sources.flatMap(({ word, text }, index) => statementTexts(`source-${index}`, word, text)),
        ),
        ...Object.fromEntries(statementTexts('backend', backend.word, backend.text)),
        ...Object.fromEntries(
          figures.flatMap(({ name, value, top }) => [
            [name, value],
            [`${name}-top`, top],
          ]),
        ),
        ...Object.fromEntries(accounts.map(({ key, count }) => [`count-${key}`, formatCount(count)])),
        law: ledger === undefined ? '' : lawOf(ledger),
        received: formatCount(ledger?.received ?? 0),
        kept: keptText(feed),
      },
      moods: {
        ...Object.fromEntries(sources.map(({ mood }, index) => [`source-${index}`, mood])),
        backend: backend.mood,
        law: ledger === undefined || ledger.sum === ledger.received ? 'good' : 'bad',
        ...Object.fromEntries(
          accounts.map(({ key, count, isTrouble }) => [
            `count-${key}`,
            isTrouble && count > 0 ? 'bad' : 'idle',
          ]),
        ),
      },
      plots: Object.fromEntries(figures.map(({ name, line, area }) => [name, { line, area }])),
      shown: {
        ...Object.fromEntries(
          accounts.map(({ key, count }) => [`count-${key}`, count > 0 || isAlwaysShown(key)]),
        ),
        lag: feed.isLive,
        queued: history.last('queued') !== undefined,
        'no-traces': traces.size === 0,
      },
    },
  };
}

interface Figure {
  readonly name: string;
  readonly value: string;
  readonly top: string;
  readonly line: string;
  readonly area: string;
}

function figuresOf({ history }: PageFeed): Figure[] {
  const slots = Math.min(MOST_SLOTS, Math.max(LEAST_SLOTS, history.length));
  const figure = (
    name: string,
    readings: readonly Reading[],
    now: Reading,
    show: (value: number) => string,
  ): Figure => {
    const { line, area, top } = plotOf(readings, slots);
    return {
      name,
      value: now === undefined ? '–' : show(now),
      top: top === 0 ? '' : `peak ${show(top)}`,
      line,
      area,
    };
  };
  return [
    figure('received-rate', history.rates('received'), history.recentRate('received'), perSecond),
    figure('spans-rate', history.rates('spans'), history.recentRate('spans'), perSecond),
    figure('lag', history.values('lagMs'), history.last('lagMs'), (ms) =>
      formatMicros(Math.round(ms) * 1000),
    ),
    figure('unsettled', history.values('unsettled'), history.last('unsettled'), formatCount),
    figure('queued', history.values('queued'), history.last('queued'), formatCount),
  ];
}

function perSecond(value: number): string {
  return `${formatCount(value < 10 && value > 0 ? Math.round(value * 10) / 10 : Math.round(value))}/s`;
}

function statementTexts(name: string, word: string, text: string): [string, string][] {
  return [
    [`${name}-word`, word],
    [`${name}-text`, text],
  ];
}

function isAlwaysShown(key: string): boolean {
  return ['exported', 'duplicate', 'late', 'returned', 'unsettled', 'spans', 'incompleteSpans'].includes(key);
}

/** `3,522 received = 3,522 accounted for`. */
function lawOf({ received, sum }: Ledger): string {
  return sum === received
    ? `${formatCount(received)} received, ${formatCount(sum)} accounted for: nothing is missing`
    : `${formatCount(received)} received, ${formatCount(sum)} accounted for: please report this as a bug`;
}

function keptText({ traces }: PageFeed): string {
  const { evicted } = traces;
  const gone = evicted === 0 ? '' : `; ${formatCount(evicted)} older ones made room`;
  return `${formatCount(traces.size)} kept${gone}`;
}
