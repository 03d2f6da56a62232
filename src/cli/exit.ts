/** How the process ends: on signals, on a closed pipe, on a bug. */
import { constants } from 'node:os';
import { pause } from '../pause.js';

/** Of `process`, what ending needs; a test hands in its own. */
export interface EndingProcess {
  on(event: 'SIGTERM' | 'SIGINT' | 'SIGHUP', listener: (signal: NodeJS.Signals) => void): unknown;
  on(event: 'uncaughtException', listener: (error: Error) => void): unknown;
  exit(status: number): void;
}

type StopHandler = (signal: NodeJS.Signals) => void;

/**
 * Listens for SIGTERM, SIGINT and SIGHUP from now on: the first one calls the handlers, the second one, or one that nobody
 * handles, leaves at once with 128 + the signal's number, as shells have it.
 * @returns registers a handler.
 */
export function listenForStop(ending: EndingProcess): (handler: StopHandler) => void {
  const handlers: StopHandler[] = [];
  let isStopping = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (isStopping || handlers.length === 0) return ending.exit(128 + constants.signals[signal]);
    isStopping = true;
    for (const handler of handlers) handler(signal);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) ending.on(signal, onSignal);
  return (handler) => void handlers.push(handler);
}

/** What is left to do when a drain is over, or its timeout: to close connections that may not answer. */
const CLOSING_MS = 5_000;

/**
 * Ends in bounded time, whatever does not answer.
 * @param end drains, and closes everything. @returns what it says, or false when it takes too long.
 */
export async function endWithin(drainTimeoutMs: number, end: () => Promise<boolean>): Promise<boolean> {
  const timeout = new AbortController();
  const late = pause(drainTimeoutMs + CLOSING_MS, timeout.signal).then(() => false);
  try {
    return await Promise.race([end(), late]);
  } finally {
    timeout.abort();
  }
}

/** Tells a bug once, with its stack, and leaves with 1. Unhandled rejections arrive as uncaught exceptions too. */
export function leaveOnCrash(ending: EndingProcess, tell: (error: unknown) => void): void {
  let hasCrashed = false;
  ending.on('uncaughtException', (error: unknown) => {
    if (hasCrashed) return;
    hasCrashed = true;
    try {
      tell(error);
    } finally {
      ending.exit(1);
    }
  });
}

interface OutputStream {
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/** Whoever read our output has seen enough (`… | head`): nothing is wrong, and nothing is left to do. */
export function leaveQuietlyOnClosedPipe(
  stdout: OutputStream,
  stderr: OutputStream,
  ending: EndingProcess,
): void {
  stdout.on('error', (error) => {
    if (error.code === 'EPIPE') return ending.exit(0);
    throw error;
  });
  // Without a reader of the logs the work goes on.
  stderr.on('error', () => undefined);
}
