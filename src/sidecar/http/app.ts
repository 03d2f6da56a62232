/**
 * What the sidecar answers over HTTP: whether it lives, whether it is of use, its metrics, and a page for people.
 * Everything is for reading: GET and HEAD, and nothing here changes what the bridge does.
 */
import { Hono, type MiddlewareHandler } from 'hono';
import type { Log } from '../../contracts.js';
import { messageOf } from '../../errors.js';
import { isLoopback } from '../../settings/listen-address.js';
import { redactUrls } from '../../settings/redact.js';
import type { Readiness } from '../readiness.js';

export interface AppOptions {
  /** The host that the server listens on; on loopback only requests that name this machine are answered. */
  readonly host: string;
  readonly readiness: () => Readiness;
  /** The metrics in Prometheus' text format 0.0.4. Absent: none are kept for scraping, and `/metrics` says so. */
  readonly metrics?: () => Promise<string>;
  /**
   * What people see: an app of Hono whose routes count from `/`, mounted behind the paths of this module, so it may
   * have any path but theirs. A `content-security-policy`, `cache-control` and other headers that it sets stay.
   */
  readonly page?: Hono;
  /** Takes what is secret out of the text of an answer that quotes others. Default: the user info of URLs. */
  readonly hide?: (text: string) => string;
  readonly log: Log;
}

/** What a page may loosen for itself. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

const METHODS = ['GET', 'HEAD'];

const ADDRESSES = `osprofiler-otel-bridge

/livez    200 while the process works; a broker or backend that is down is no reason to restart it
/readyz   200 while notifications can become spans, else 503; JSON with the reasons
/metrics  for Prometheus
`;

export function createApp(options: AppOptions): Hono {
  const { readiness, metrics, page, hide = redactUrls, log } = options;
  const app = new Hono();
  app.use(secured);
  if (isLoopback(options.host)) app.use(onlyForThisMachine);
  app.use(onlyForReading);
  // Who gets an answer knows that the event loop turns, and that is all that a restart could mend.
  app.get('/livez', (context) => context.text('ok\n'));
  app.get('/readyz', (context) => {
    const state = readiness();
    return context.body(`${JSON.stringify(hidden(state, hide))}\n`, state.ready ? 200 : 503, {
      'content-type': 'application/json',
    });
  });
  app.get('/metrics', async (context) => {
    if (metrics === undefined) return context.text('OTEL_METRICS_EXPORTER does not name prometheus\n', 404);
    return context.body(await metrics(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  });
  if (page !== undefined) app.route('/', page);
  else app.get('/', (context) => context.text(ADDRESSES));
  app.notFound((context) => context.text('there is nothing here\n', 404));
  app.onError((error, context) => {
    log.error({ path: context.req.path, error: messageOf(error) }, 'answering a request failed');
    return context.text('answering failed; the log says why\n', 500);
  });
  return app;
}

/** The same, with every message made fit to be shown. */
function hidden(state: Readiness, hide: (text: string) => string): Readiness {
  return {
    ...state,
    reasons: state.reasons.map((each) => ({ ...each, message: hide(each.message) })),
    receivers: state.receivers.map((each) =>
      each.reason === undefined ? each : { ...each, reason: hide(each.reason) },
    ),
  };
}

const secured: MiddlewareHandler = async (context, next) => {
  await next();
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
    if (!context.res.headers.has(name)) context.header(name, value);
  }
};

/**
 * A web page elsewhere may have its own name resolved to 127.0.0.1 and read what a browser on this machine can reach
 * (DNS rebinding). Its requests still carry that name.
 */
const onlyForThisMachine: MiddlewareHandler = async (context, next) => {
  const header = context.req.header('host');
  if (header === undefined || isLoopback(hostOf(header))) return next();
  return context.text('this server answers to 127.0.0.1, [::1] and localhost only\n', 421);
};

/** Of a Host header, without brackets and port. */
function hostOf(header: string): string {
  const { v6, name } = /^(?:\[(?<v6>[^\]]*)\]|(?<name>[^:]*))(?::\d*)?$/.exec(header)?.groups ?? {};
  return (v6 ?? name ?? '').toLowerCase();
}

const onlyForReading: MiddlewareHandler = async (context, next) => {
  if (METHODS.includes(context.req.method)) return next();
  return context.text('GET and HEAD only\n', 405, { allow: METHODS.join(', ') });
};
