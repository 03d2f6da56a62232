/**
 * Monotonic time for what happens often: one reading for all that one turn of the event loop brings. Pair timeouts and
 * ages must not follow a clock that is set, and need not be exact by the milliseconds that a turn takes; a reading for each
 * message, here and there, was one part in a hundred of a drain.
 */
let reading: number | undefined;

function forget(): void {
  reading = undefined;
}

/** Milliseconds by a clock that nobody sets, as of this turn of the event loop. Whole ones take no memory of their own. */
export function coarseNow(): number {
  if (reading === undefined) {
    reading = Math.trunc(performance.now());
    setImmediate(forget);
  }
  return reading;
}
