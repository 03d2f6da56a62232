/** Logs: pino's JSON lines in a pipe, pretty ones on a terminal, always without the user info of URLs. */
import pino from 'pino';
import type { Log } from '../contracts.js';
import { printable, redactUrls } from '../settings/redact.js';
import type { LogSettings } from '../settings/settings.js';

/** Where log lines go: stderr, or what a test reads. */
export interface LogStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** A log that writes each entry at once, so that none is lost when the process leaves. */
export function createLog(
  settings: Pick<LogSettings, 'level' | 'format'>,
  stream: LogStream,
  isColoured = stream.isTTY === true,
): Log {
  const isPretty = settings.format === 'pretty' || (settings.format === 'auto' && stream.isTTY === true);
  const format = isPretty ? (line: string) => prettyLine(line, isColoured) : (line: string) => line;
  return pino(
    {
      level: settings.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: pino.stdSerializers.err, error: pino.stdSerializers.err },
    },
    // Here, and not in serializers, since user info can stand in any field and in any message.
    { write: (line) => void stream.write(format(redactUrls(line))) },
  );
}

const COLOURS: Readonly<Record<string, number>> = { debug: 34, info: 32, warn: 33, error: 31 };

/** `[08:30:00.123] INFO: message {"field":1}`, in local time; the stack of an error on lines of its own. */
function prettyLine(line: string, isColoured: boolean): string {
  const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const { err } = fields as { err?: { stack?: string } };
  const stack = err?.stack;
  const shown = stack === undefined ? fields : { ...fields, err: { ...err, stack: undefined } };
  const at = new Date(String(time));
  const clock = `${at.toLocaleTimeString('en-GB')}.${String(at.getMilliseconds()).padStart(3, '0')}`;
  const label = String(level).toUpperCase();
  const head = isColoured ? `\x1b[${COLOURS[String(level)] ?? 0}m${label}\x1b[0m` : label;
  const tail = Object.keys(shown).length === 0 ? '' : ` ${JSON.stringify(shown)}`;
  const trace = stack === undefined ? '' : `    ${stack.replaceAll('\n', '\n    ')}\n`;
  return `[${clock}] ${head}: ${printable(String(msg))}${tail}\n${trace}`;
}

/** A warning that repeats is logged this often, with the count of those left out. */
export const REPEAT_MS = 30_000;

/** Milliseconds from any fixed point, never going back. */
export type Clock = () => number;

/** The most different messages that are remembered; past it the oldest is forgotten and may appear again. */
const MOST_KEYS = 1000;

/**
 * A log in which a repeated warning or error appears once an interval, with the count of those left out since as
 * `suppressed`. Repeated means: the same message at the same level, or the same `key` field when there is one.
 * Other levels pass.
 */
export function rateLimited(log: Log, intervalMs: number, clock: Clock = () => performance.now()): Log {
  const seen = new Map<string, { since: number; suppressed: number }>();
  const limit = (level: 'warn' | 'error') => (fields: Record<string, unknown>, message: string) => {
    const { key, ...rest } = fields;
    const id = `${level} ${typeof key === 'string' ? key : message}`;
    const last = seen.get(id);
    if (last !== undefined && clock() - last.since < intervalMs) {
      last.suppressed++;
      return;
    }
    seen.delete(id);
    seen.set(id, { since: clock(), suppressed: 0 });
    if (seen.size > MOST_KEYS) seen.delete(seen.keys().next().value!);
    log[level](
      last === undefined || last.suppressed === 0 ? rest : { ...rest, suppressed: last.suppressed },
      message,
    );
  };
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: limit('warn'),
    error: limit('error'),
  };
}
