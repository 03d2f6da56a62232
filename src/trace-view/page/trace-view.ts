/** A trace in the form that its pages show. */
import { buildTrace, type Trace } from '../trace.js';
import type { CurrentTrace } from './current-traces.js';
import type { KeptTrace } from './kept-trace.js';

export interface TraceView extends CurrentTrace {
  readonly trace: Trace;
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
    return { ...current, trace, slots: summary.slots, uiUrl: this.uiUrl };
  }
}
