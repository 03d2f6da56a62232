/**
 * Errors.
 *
 * Facts: when the traced code raised, osprofiler's stop carries `etype`, the exception's dotted class, and `message`,
 * its first argument: text as a rule, but null, a number or an object as well, and for remote errors a whole
 * traceback. An empty `etype` is no error. A stop that closes somebody else's point (see osprofiler/requests.py)
 * carries the outer error.
 * Conventions: opentelemetry semantic-conventions, recording errors; exceptions on spans (stable).
 */
import { type Attributes, SpanStatusCode } from '@opentelemetry/api';
import { own, type PyValue } from '../python-json/parse.js';
import type { TraceEvent } from '../trace-point.js';
import { toHrTime } from './hr-time.js';
import type { SpanBuilder } from './span-builder.js';

const TRACEBACK = 'Traceback (most recent call last)';

/**
 * @param isComplete an incomplete point stays UNSET: one event of it is unknown.
 * @param endTime microseconds; when the exception left the point.
 */
export function describeError(
  builder: SpanBuilder,
  stop: TraceEvent,
  endTime: number,
  isComplete: boolean,
): void {
  if (!hasRaised(stop)) return;
  const type = asText(own(stop.info, 'etype'));
  const message = builder.text(builder.redact.text(asText(own(stop.info, 'message'))));
  if (isComplete) {
    builder.statusCode = SpanStatusCode.ERROR;
    if (message !== '') builder.statusMessage = message;
  }
  builder.put('error.type', type);
  const attributes: Attributes = { 'exception.type': builder.text(type) };
  if (message !== '') attributes['exception.message'] = message;
  if (message.includes(TRACEBACK)) attributes['exception.stacktrace'] = message;
  builder.addEvent({ name: 'exception', time: toHrTime(endTime), attributes, droppedAttributesCount: 0 });
}

/** Whether the traced code raised, as its stop tells. */
export function hasRaised(stop: TraceEvent): boolean {
  const type = own(stop.info, 'etype');
  return type !== undefined && type !== null && type !== '';
}

/** Python's None is no text; what is no text otherwise is written as JSON. */
function asText(value: PyValue | undefined): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? String(item) : item));
}
