/**
 * The page for people, as an app of Hono to be mounted at `/`: made on the server, of use without a script, and with
 * nothing fetched from elsewhere. It shows what the exporter was given, secrets masked, and changes nothing.
 */
import { type Context, Hono } from 'hono';
import { html } from 'hono/html';
import { findAsset } from './assets.js';
import type { PageFeed } from './feed.js';
import { findSpans } from './find-spans.js';
import { type Html, message } from './layout.js';
import { overviewOf } from './live.js';
import { overviewPage } from './overview.js';
import { spanDetail, spanPage } from './span-page.js';
import { findNamed, listTraces, readQuery } from './trace-list.js';
import { tracePage } from './trace-page.js';
import { searchForm, traceTable } from './trace-table.js';
import { TraceViews } from './trace-view.js';
import { type Unfolding, waterfallRows } from './waterfall.js';
import { rowsHtml } from './waterfall-html.js';

export interface PageOptions {
  readonly feed: PageFeed;
  /** The address of a trace in the backend's user interface, with `{traceId}`. */
  readonly uiUrl?: string | undefined;
  /** Milliseconds since the Unix epoch. @default Date.now */
  readonly now?: () => number;
}

/** Only what is served from here; no style or script inside the document; in nobody's frame. */
const POLICY = [
  "default-src 'none'",
  ...["script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'", "form-action 'self'"],
  ...["base-uri 'none'", "frame-ancestors 'none'"],
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};
/** An asset's address changes with its content. */
const FOR_EVER = 'public, max-age=31536000, immutable';

export function createPage({ feed, uiUrl, now = Date.now }: PageOptions): Hono {
  const { traces } = feed;
  const views = new TraceViews();
  const page = new Hono();
  page.use(async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(HEADERS)) context.header(name, value);
    if (!context.res.headers.has('cache-control')) context.header('cache-control', 'no-store');
  });

  page.get('/', (context) => {
    const query = readQuery((name) => context.req.query(name));
    const named = findNamed(traces, query.text);
    if (named !== undefined) return context.redirect(`/traces/${named.traceId}`, 303);
    const table = traceTable(listTraces(traces, query), query, traces, uiUrl);
    return context.html(overviewPage(overviewOf(feed, now()), feed, searchForm(query), table));
  });
  page.get('/state', (context) => context.json(overviewOf(feed, now()).live));
  page.get('/traces', (context) => {
    const query = readQuery((name) => context.req.query(name));
    return context.html(traceTable(listTraces(traces, query), query, traces, uiUrl));
  });

  page.get('/traces/:trace', (context) => {
    const trace = traces.find(context.req.param('trace'));
    if (trace === undefined) return gone(context);
    const view = views.of(trace);
    const find = readFind(context);
    if (find !== undefined) {
      const { rows, found } = findSpans(view.tree, find.text, find.onlyErrors);
      return context.html(tracePage(view, { rows, unfolding: {}, find: { ...find, found }, uiUrl }));
    }
    const unfolding = readUnfolding(context);
    const rows = waterfallRows(view.tree, unfolding);
    return rows === undefined ? gone(context) : context.html(tracePage(view, { rows, unfolding, uiUrl }));
  });
  page.get('/traces/:trace/rows', (context) => {
    const trace = traces.find(context.req.param('trace'));
    const view = trace && views.of(trace);
    const rows = view && waterfallRows(view.tree, readUnfolding(context));
    if (view === undefined || rows === undefined) return context.text('gone\n', 404);
    return context.html(fragment(rowsHtml(rows, view)));
  });
  page.get('/traces/:trace/spans/:span', (context) => {
    const trace = traces.find(context.req.param('trace'));
    const span = trace?.spans.get(context.req.param('span'));
    if (trace === undefined || span === undefined) return gone(context);
    const isPart = context.req.query('part') !== undefined;
    return context.html(isPart ? spanDetail(span, trace) : spanPage(span, trace));
  });

  page.get('/assets/:name', (context) => {
    const asset = findAsset(context.req.param('name'));
    if (asset === undefined) return context.text('there is nothing here\n', 404);
    return context.body(asset.body, 200, { 'content-type': asset.type, 'cache-control': FOR_EVER });
  });
  return page;
}

function fragment(rows: readonly Html[]): Html {
  return html`${rows as Html[]}`;
}

function gone(context: Context) {
  const text = html`It made room for later ones, or was never here: only the latest traces are kept. Look for it in the backend.`;
  return context.html(message('This trace is not here', text), 404);
}

function readFind({ req }: Context): { text: string; onlyErrors: boolean } | undefined {
  const text = (req.query('find') ?? '').trim().slice(0, 200);
  const onlyErrors = req.query('errors') !== undefined;
  return text === '' && !onlyErrors ? undefined : { text, onlyErrors };
}

function readUnfolding({ req }: Context): Unfolding {
  const under = req.query('under');
  const level = wholeNumber(req.query('level'));
  const from = wholeNumber(req.query('from'));
  return {
    ...(under === undefined ? {} : { under: under.slice(0, 100) }),
    ...(level === undefined ? {} : { level: Math.max(1, level) }),
    ...(from === undefined ? {} : { from }),
    ...(req.query('sql') === undefined ? {} : { unfoldSql: true, rows: EVERY_SPAN_ROWS }),
  };
}

/** Who wants every span gets more of them at once. */
const EVERY_SPAN_ROWS = 2_000;

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,7}$/.test(text) ? Number(text) : undefined;
}
