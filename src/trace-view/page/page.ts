/**
 * The page for people, as a Hono app to be mounted at `/`: rendered on the server, usable without a script, and with
 * nothing fetched from elsewhere. It shows what the exporter was given, secrets masked, and changes nothing.
 */
import { type Context, Hono } from 'hono';
import { html } from 'hono/html';
import { writeJaeger } from '../jaeger-write.js';
import { writeRequest } from '../otlp-write.js';
import { findAsset } from './assets.js';
import { CurrentTraces } from './current-traces.js';
import type { PageFeed } from './feed.js';
import { findSpans } from './find-spans.js';
import { message } from './layout.js';
import { overviewPage } from './overview.js';
import { runningTable } from './running-table.js';
import { spanDetail, spanPage } from './span-page.js';
import { findNamed, listTraces, readQuery } from './trace-list.js';
import { tracePage } from './trace-page.js';
import { searchForm, traceTable } from './trace-table.js';
import { type TraceView, TraceViews } from './trace-view.js';
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
  const views = new TraceViews(uiUrl);
  const page = new Hono();
  const current = () => new CurrentTraces(feed, now());
  const viewOf = (context: Context): TraceView | undefined => {
    const trace = current().find(context.req.param('trace') ?? '');
    return trace && views.of(trace);
  };

  page.use(async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(HEADERS)) context.header(name, value);
    if (!context.res.headers.has('cache-control')) context.header('cache-control', 'no-store');
  });

  page.get('/', (context) => {
    const query = readQuery((name) => context.req.query(name));
    const traces = current();
    const named = findNamed(traces, query.text);
    if (named !== undefined) return context.redirect(`/traces/${named.traceId}`, 303);
    const table = traceTable(listTraces(traces, query), query, feed.traces, uiUrl);
    return context.html(
      overviewPage(feed, now(), { running: runningTable(traces), search: searchForm(query), table }),
    );
  });

  page.get('/traces/:trace', (context) => {
    const view = viewOf(context);
    if (view === undefined) return gone(context);
    const find = readFind(context);
    if (find !== undefined) {
      const { rows, found } = findSpans(view.trace, find.text, find.onlyErrors);
      return context.html(tracePage(view, { rows, unfolding: {}, find: { ...find, found } }));
    }
    const unfolding = readUnfolding(context);
    const rows = waterfallRows(view.trace, unfolding);
    return rows === undefined ? gone(context) : context.html(tracePage(view, { rows, unfolding }));
  });
  page.get('/traces/:trace/:file{(?:otlp|jaeger)\\.json}', (context) => {
    const view = viewOf(context);
    if (view === undefined) return gone(context);
    const { traceId, trace } = view;
    const file = context.req.param('file');
    const spans = trace.nodes.map(({ span }) => span).filter(({ isOpen }) => !isOpen);
    context.header('content-disposition', `attachment; filename="${traceId}.${file}"`);
    return context.json(file === 'otlp.json' ? writeRequest(spans) : writeJaeger(traceId, spans));
  });
  page.get('/traces/:trace/rows', (context) => {
    const view = viewOf(context);
    const rows = view && waterfallRows(view.trace, readUnfolding(context));
    if (view === undefined || rows === undefined) return context.text('gone\n', 404);
    return context.html(html`${rowsHtml(rows, view)}`);
  });
  page.get('/traces/:trace/spans/:span', (context) => {
    const view = viewOf(context);
    const node = view?.trace.byId.get(context.req.param('span'));
    if (view === undefined || node === undefined) return gone(context);
    const isPart = context.req.query('part') !== undefined;
    return context.html(isPart ? spanDetail(node.span, view) : spanPage(node.span, view));
  });

  page.get('/assets/:name', (context) => {
    const asset = findAsset(context.req.param('name'));
    if (asset === undefined) return context.text('there is nothing here\n', 404);
    return context.body(asset.body, 200, { 'content-type': asset.type, 'cache-control': FOR_EVER });
  });
  return page;
}

function gone(context: Context) {
  const text = html`This trace is no longer in memory; only the most recent traces are kept. Look for it in the backend.`;
  return context.html(message('Trace not found', text), 404);
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
    ...(req.query('sql') === undefined ? {} : { everySpan: true, rows: EVERY_SPAN_ROWS }),
  };
}

/** Whoever wants every span gets more rows at once. */
const EVERY_SPAN_ROWS = 2_000;

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,7}$/.test(text) ? Number(text) : undefined;
}
