/** What the page knows. It watches the bridge and the sink from outside and changes nothing. */
import type { Bridge } from '../../bridge.js';
import { endMicrosOf } from '../../encoded-span.js';
import type { BackendFailure } from '../../export/health.js';
import type { Sent } from '../../export/observed-sink.js';
import { redactUrls } from '../../settings/redact.js';
import type { QueueDepth, WatchedReceiver } from '../../sidecar/watched-receiver.js';
import { History } from './history.js';
import { RecentTraces, type RecentTracesBounds } from './recent-traces.js';

export interface Watched {
  readonly bridge: Pick<Bridge, 'counts' | 'health' | 'openSpans' | 'unacknowledged'>;
  readonly receivers: readonly WatchedReceiver[];
  /** Removes credentials from text that quotes others. @default the user info of URLs */
  readonly hide?: (text: string) => string;
}

export interface FeedOptions {
  /** Where spans go, for people: `http/protobuf to http://collector:4318/v1/traces`; without credentials. */
  readonly backend: string;
  readonly bounds?: Partial<RecentTracesBounds>;
  /** Whether spans happen now. The lag of a recording's says nothing. @default true */
  readonly isLive?: boolean;
  /** What settings leave out, in sentences. @default nothing */
  readonly leftOut?: readonly string[];
}

/** What is known of the backend. Times are milliseconds since the Unix epoch. */
export interface BackendFacts {
  readonly accepted?: { readonly at: number; readonly spans: number };
  /** Why it accepts nothing now. */
  readonly failing?: { readonly reason: string; readonly since: number };
}

const SAMPLE_MS = 1_000;
/** A passive declaration opens a channel each time: not every second. */
const DEPTH_MS = 5_000;

export class PageFeed {
  readonly traces: RecentTraces;
  readonly history = new History();
  readonly backend: string;
  readonly isLive: boolean;
  readonly leftOut: readonly string[];
  private watched: Watched | undefined;
  private accepted: BackendFacts['accepted'];
  private lagMs: number | undefined;
  private depths: readonly (QueueDepth | undefined)[] = [];
  private timers: NodeJS.Timeout[] = [];

  constructor({ backend, bounds, isLive = true, leftOut = [] }: FeedOptions) {
    this.backend = backend;
    this.isLive = isLive;
    this.leftOut = leftOut;
    this.traces = new RecentTraces(bounds);
  }

  /** For an `ObservedSink`. */
  readonly observe = (sent: Sent): void => {
    const now = Date.now();
    const { outcome, spans } = sent;
    this.traces.observe(sent);
    if (outcome.kind !== 'accepted') return;
    this.accepted = { at: now, spans: spans.length };
    if (this.isLive) this.measureLag(spans, now);
  };

  /** Begins to sample. The timers do not keep the process alive. */
  start(watched: Watched): void {
    this.stop();
    this.watched = watched;
    this.sample();
    this.timers = [
      setInterval(() => this.sample(), SAMPLE_MS).unref(),
      setInterval(() => void this.measureDepths(), DEPTH_MS).unref(),
    ];
    void this.measureDepths();
  }

  /** Samples no more. What was seen can still be shown. */
  stop(): void {
    for (const timer of this.timers.splice(0)) clearInterval(timer);
  }

  get source(): Watched | undefined {
    return this.watched;
  }

  /** Removes credentials from text that quotes others. */
  get redact(): (text: string) => string {
    return this.watched?.hide ?? redactUrls;
  }

  get backendFacts(): BackendFacts {
    const { accepted, watched } = this;
    const failure = watched?.bridge.health.failure;
    return {
      ...(accepted === undefined ? {} : { accepted }),
      ...(failure === undefined ? {} : { failing: failing(failure) }),
    };
  }

  private sample(): void {
    if (this.watched === undefined) return;
    const { counts, unacknowledged } = this.watched.bridge;
    const known = this.depths.filter((depth) => depth !== undefined);
    this.history.add({
      at: performance.now(),
      received: counts.received,
      spans: counts.spans,
      unacknowledged,
      ...(this.lagMs === undefined ? {} : { lagMs: this.lagMs }),
      ...(known.length === 0 ? {} : { queued: known.reduce((sum, { messages }) => sum + messages, 0) }),
    });
    this.lagMs = undefined;
  }

  private async measureDepths(): Promise<void> {
    const receivers = this.watched?.receivers ?? [];
    this.depths = await Promise.all(receivers.map((receiver) => receiver.depth?.()));
  }

  private measureLag(spans: Sent['spans'], now: number): void {
    // Clocks of other machines may be ahead: then there is no lag.
    for (const span of spans) this.lagMs = Math.max(this.lagMs ?? 0, now - endMicrosOf(span) / 1000);
  }
}

function failing({ reason, hint, forMs }: BackendFailure): NonNullable<BackendFacts['failing']> {
  return { reason: hint === undefined ? reason : `${reason}; ${hint}`, since: Date.now() - forMs };
}
