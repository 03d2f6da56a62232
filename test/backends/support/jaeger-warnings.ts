/**
 * The two kinds of warning that Jaeger has for spans which are right, worked out from what was sent. Any other warning,
 * and any of these where it is not due, is a mistake of ours.
 *
 * - An asynchronous call ends after the span that made it. Jaeger takes that for a clock that is off; as long as
 *   `max_clock_skew_adjust` is 0s it leaves the times alone and says so.
 * - A span without length, such as an incomplete one, gets a length of 1 ns.
 */
import type { JaegerTrace } from './jaeger.js';
import type { OtlpSpan } from './otlp-json.js';
import type { Sent } from './sent.js';

const OUTLIVES = 'clock skew adjustment disabled';
const NO_LENGTH = 'Negative duration detected';

/** By span id: what Jaeger warns of, each by its first words; spans without warnings are left out. */
export function warningsIn({ spans, warnings }: JaegerTrace): ReadonlyMap<string, readonly string[]> {
  const known = (text: string): string =>
    [OUTLIVES, NO_LENGTH].find((start) => text.startsWith(start)) ?? text;
  const bySpan = spans.map(({ spanID, warnings: own }) => [spanID, (own ?? []).map(known).sort()] as const);
  const ofTrace = [['the trace', warnings ?? []] as const];
  return sortedMap([...bySpan, ...ofTrace]);
}

/** What Jaeger has to warn of, and nothing else. */
export function dueWarnings({ spans }: Sent): ReadonlyMap<string, readonly string[]> {
  const byId = new Map(spans.map(({ span }) => [span.spanId, span]));
  return sortedMap(
    spans.map(({ span }) => {
      const parent = byId.get(span.parentSpanId ?? '');
      const due = [
        ...(parent !== undefined && isOutside(timesOf(span), timesOf(parent)) ? [OUTLIVES] : []),
        ...(span.startTimeUnixNano === span.endTimeUnixNano ? [NO_LENGTH] : []),
      ];
      return [span.spanId, due.sort()] as const;
    }),
  );
}

interface Times {
  readonly start: bigint;
  readonly end: bigint;
}

function timesOf({ startTimeUnixNano, endTimeUnixNano }: OtlpSpan): Times {
  const [start, end] = [BigInt(startTimeUnixNano), BigInt(endTimeUnixNano)];
  return { start, end: end > start ? end : start + 1n };
}

/** A child that took longer than its parent is left alone unless it began before. */
function isOutside(child: Times, parent: Times): boolean {
  const isLonger = child.end - child.start > parent.end - parent.start;
  return child.start < parent.start || (!isLonger && child.end > parent.end);
}

function sortedMap(
  entries: readonly (readonly [string, readonly string[]])[],
): ReadonlyMap<string, readonly string[]> {
  const present = entries.filter(([, texts]) => texts.length > 0);
  return new Map(present.sort(([a], [b]) => (a < b ? -1 : 1)));
}
