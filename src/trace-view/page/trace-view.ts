/** A trace in the form that its pages show. */
import { criticalPath, type PathPiece } from '../critical-path.js';
import { buildTrace, type Trace, type TraceNode } from '../trace.js';
import type { CurrentTrace } from './current-traces.js';
import type { KeptTrace } from './kept-trace.js';

export interface TraceView extends CurrentTrace {
  readonly trace: Trace;
  /** What the request waited for, by span. */
  readonly path: ReadonlyMap<TraceNode, readonly PathPiece[]>;
  /** The number of each service's colour. */
  readonly slots: ReadonlyMap<string, number>;
  /** The address of a trace in the backend's user interface, with `{traceId}`. */
  readonly uiUrl: string | undefined;
}

/** Whoever opens rows asks for the same trace again and again; several people look at a few. */
const MOST_VIEWS = 3;

/** The traces that were looked at last, read and built. */
export class TraceViews {
  /** The one that was asked for longest ago first. */
  private readonly views = new Map<KeptTrace, { readonly count: number; readonly view: TraceView }>();

  constructor(private readonly uiUrl: string | undefined) {}

  of(current: CurrentTrace): TraceView {
    const { kept, open } = current;
    if (kept === undefined || open.length > 0) return this.build(current);
    const { count } = kept;
    const known = this.views.get(kept);
    const recent = known?.count === count ? known : { count, view: this.build(current) };
    this.views.delete(kept);
    this.views.set(kept, recent);
    for (const oldest of this.views.keys()) {
      if (this.views.size <= MOST_VIEWS) break;
      this.views.delete(oldest);
    }
    return recent.view;
  }

  private build(current: CurrentTrace): TraceView {
    const { kept, open, summary } = current;
    const trace = buildTrace([...(kept?.spans() ?? []), ...open]);
    const path = new Map<TraceNode, PathPiece[]>();
    for (const piece of criticalPath(trace)) {
      const pieces = path.get(piece.node);
      if (pieces === undefined) path.set(piece.node, [piece]);
      else pieces.push(piece);
    }
    return { ...current, trace, path, slots: summary.slots, uiUrl: this.uiUrl };
  }
}
