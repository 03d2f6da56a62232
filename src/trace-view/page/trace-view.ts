/** A trace in the form that its pages need: as a tree, with a colour for each service. */
import { slotsFor } from '../terminal/palette.js';
import { buildTrace, type Trace } from '../trace.js';
import type { KeptTrace } from './kept-trace.js';
import { SERVICE_COLOURS } from './trace-table.js';

export interface TraceView {
  readonly trace: KeptTrace;
  readonly tree: Trace;
  /** Spans that it was built of; the trace may have grown since. */
  readonly size: number;
  /** The number of each service's colour. */
  readonly slots: ReadonlyMap<string, number>;
}

/** Somebody who opens rows asks for the same tree again and again; several people look at a few. */
const MOST_VIEWS = 3;

export class TraceViews {
  /** The one that was asked for longest ago first. */
  private readonly views = new Map<string, TraceView>();

  of(trace: KeptTrace): TraceView {
    const { traceId, spans, services } = trace;
    const known = this.views.get(traceId);
    const isFresh = known !== undefined && known.trace === trace && known.size === spans.size;
    const view = isFresh
      ? known
      : {
          trace,
          tree: buildTrace([...spans.values()]),
          size: spans.size,
          slots: slotsFor(services.keys(), SERVICE_COLOURS),
        };
    this.views.delete(traceId);
    this.views.set(traceId, view);
    for (const oldest of this.views.keys()) {
      if (this.views.size <= MOST_VIEWS) break;
      this.views.delete(oldest);
    }
    return view;
  }
}
