/** What OpenTelemetry's own packages have to say, in our log. */
import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import type { Log } from '../contracts.js';
import type { LogSettings } from '../settings/settings.js';
import { REPEAT_MS, rateLimited } from './logger.js';

/** Longer texts are cut: some of them quote whole answers. */
const LONGEST_TEXT = 500;

/**
 * Sends it into the log: warnings and errors only unless debugging, repeated ones now and then. Payloads stay out: at
 * debug level the exporters hand over every batch that they send, whole.
 */
export function routeDiag(log: Log, level: LogSettings['level'] = 'info'): void {
  const limited = rateLimited(log, REPEAT_MS);
  const to =
    (write: 'debug' | 'info' | 'warn' | 'error'): DiagLogger['info'] =>
    (message, ...details) => {
      // A component's name comes first, and what it says second.
      const words = [message, ...details.filter((detail) => typeof detail === 'string')];
      const others = details.filter((detail) => typeof detail !== 'string').map(describe);
      const fields = { from: 'opentelemetry', ...(others.length === 0 ? {} : { details: others }) };
      limited[write](fields, cut(words.map(String).join(': ')));
    };
  const logger: DiagLogger = {
    error: to('error'),
    warn: to('warn'),
    info: to('info'),
    debug: to('debug'),
    verbose: to('debug'),
  };
  const logLevel = level === 'debug' ? DiagLogLevel.DEBUG : DiagLogLevel.WARN;
  diag.setLogger(logger, { logLevel, suppressOverrideMessage: true });
}

/** Small things as they are, an error by its name and message, everything else by its size. */
function describe(detail: unknown): unknown {
  if (typeof detail !== 'object' || detail === null) return detail;
  if (detail instanceof Error) return { type: detail.name, message: cut(detail.message) };
  if (ArrayBuffer.isView(detail)) return `${detail.byteLength} bytes, left out`;
  if (Array.isArray(detail)) return `${detail.length} items, left out`;
  const length = lengthOf(detail);
  return length <= LONGEST_TEXT ? detail : 'a large object, left out';
}

function lengthOf(value: object): number {
  try {
    return JSON.stringify(value).length;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

function cut(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT).toWellFormed()}…`;
}
