/** Whether a trace point's span will have status ERROR, told without making the span. */
import { isObject, own } from '../python-json/parse.js';
import type { TracePoint } from '../trace-point.js';
import { familyOf } from './conventions.js';
import { hasRaised } from './error.js';

/** For a client every status from here on is an error. */
const FIRST_FAILURE = 400;

/** An incomplete point has not: one event of it is unknown. */
export function hasFailed({ start, stop }: Pick<TracePoint<unknown>, 'start' | 'stop'>): boolean {
  if (start === undefined || stop === undefined) return false;
  if (hasRaised(stop)) return true;
  const response = own(stop.info, 'requests');
  if (!isObject(response)) return false;
  const status = own(response, 'status_code');
  const isFailure = typeof status === 'number' && Number.isInteger(status) && status >= FIRST_FAILURE;
  // The start's family counts, as for the span; the stop's only where the start shows none.
  const family = familyOf(start);
  return isFailure && (family === 'other' ? familyOf(stop) : family) === 'http-client';
}
