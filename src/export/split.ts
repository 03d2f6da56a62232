/** A batch in two. Pure. */
import { type OutgoingSpan, traceIdOf } from '../encoded-span.js';

/**
 * Between two traces, as near to the middle as may be, since backends refuse whole traces; of one trace in the middle.
 * @param entries at least two.
 */
export function halvesOf<Item extends { readonly span: OutgoingSpan }>(
  entries: readonly Item[],
): readonly [readonly Item[], readonly Item[]] {
  const traces = new Map<string, Item[]>();
  for (const entry of entries) {
    const traceId = traceIdOf(entry.span);
    const trace = traces.get(traceId);
    if (trace === undefined) traces.set(traceId, [entry]);
    else trace.push(entry);
  }
  const ordered = [...traces.values()].flat();
  const middle = entries.length / 2;
  let best = traces.size === 1 ? Math.ceil(middle) : 0;
  let end = 0;
  for (const { length } of traces.size === 1 ? [] : traces.values()) {
    end += length;
    if (end < entries.length && Math.abs(end - middle) < Math.abs(best - middle)) best = end;
  }
  return [ordered.slice(0, best), ordered.slice(best)];
}
