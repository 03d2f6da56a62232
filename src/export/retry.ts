/**
 * Sends a batch until every span of it has a final outcome. What may pass is tried again for as long as it takes. What
 * the backend refuses is split, until the spans at fault are found; but a refusal counts as being about spans only
 * while the backend is known to accept others. Otherwise the backend or the set-up is wrong, and everything is held.
 */
import type { Outcome, Sink } from '../contracts.js';
import type { OutgoingSpan } from '../encoded-span.js';
import type { BackendHealth } from './health.js';
import { halvesOf } from './split.js';

/** An outcome that will not change. */
export type FinalOutcome = Exclude<Outcome, { kind: 'retryable' }>;
type Failure = Exclude<Outcome, { kind: 'accepted' }>;

/** Pauses between attempts, of which there is no limit. */
export interface RetryOptions {
  /** The first pause, ms. @default 500 */
  readonly initialDelayMs?: number;
  /** The longest pause of our own; a backend's `Retry-After` may be longer. @default 30,000 */
  readonly maxDelayMs?: number;
  /** The longest pause that a backend may ask for. @default ten minutes */
  readonly maxRetryAfterMs?: number;
  /** 0 to below 1. @default Math.random */
  readonly random?: () => number;
  /** Waits, or returns early when the signal fires. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly onRetry?: (reason: string, delayMs: number, attempt: number) => void;
  /**
   * Every refusal for good is about the spans, whatever the backend accepts. Only for recordings, of which nothing is
   * lost then. @default false
   */
  readonly trustsRefusals?: boolean;
}

/** A span with whatever the caller wants back with its outcome. */
export interface Entry {
  readonly span: OutgoingSpan;
}

/** Told while a batch is delivered. */
export interface DeliveryEvents<Item extends Entry> {
  /** Called once for each entry, of several at a time. */
  readonly onFinal: (entries: readonly Item[], outcome: FinalOutcome) => void;
  /** The batch was refused again and again, for what may be its own fault. At most once. */
  readonly onStuck?: () => void;
  /** So many spans at once were refused for their size, and a part of them was accepted. */
  readonly onTooMany?: (count: number) => void;
}

/** A part of a batch. */
interface Part<Item extends Entry> {
  readonly entries: readonly Item[];
  readonly spans: readonly OutgoingSpan[];
  refusals: number;
  /** {@link BackendHealth.accepted} when the batch was refused first. */
  acceptedBefore: number | undefined;
  failure: Failure | undefined;
  /** How many spans were refused for their number, when it was split from those. */
  readonly tooMany: number | undefined;
}

/** Refusals of the same spans, while others are accepted, before they are taken for what is at fault. */
const REFUSALS = 3;
/** Parts that a batch is in at most while the backend accepts nothing. */
const MAX_TRIAL_PARTS = 8;
/** Spans that are refused for good one after the other on no more evidence than an accepted request without spans. */
const MAX_UNPROVEN = 3;
/** For so long the answer to a request without spans holds good. */
const PROBE_FRESH_MS = 1_000;

export class Retrier {
  private readonly options: Required<RetryOptions>;
  private probed: { readonly at: number; readonly isAccepted: Promise<boolean> } | undefined;
  private unproven = { count: 0, acceptedBefore: 0 };

  constructor(
    private readonly sink: Sink,
    private readonly health: BackendHealth,
    options: RetryOptions = {},
    /** A monotonic clock in milliseconds. */
    private readonly now: () => number = () => performance.now(),
  ) {
    this.options = {
      initialDelayMs: 500,
      maxDelayMs: 30_000,
      maxRetryAfterMs: 600_000,
      random: Math.random,
      sleep,
      onRetry: () => {},
      trustsRefusals: false,
      ...options,
    };
  }

  /**
   * Resolves when each entry's outcome has been told, or soon after the signal fires; then the rest is never told.
   */
  async deliver<Item extends Entry>(
    entries: readonly Item[],
    events: DeliveryEvents<Item>,
    signal: AbortSignal,
  ): Promise<void> {
    let parts = [partOf(entries)];
    for (let attempt = 1; !signal.aborted; attempt++) {
      const held = await this.round(parts, events, signal);
      if (held.length === 0 || signal.aborted) return;
      const failures = held.map(({ failure }) => failure!);
      const isSuspect = failures.some(({ suspect }) => suspect !== undefined);
      if (attempt === REFUSALS && isSuspect) events.onStuck?.();
      await this.pause(failures, attempt, signal);
      parts = attempt >= REFUSALS && isSuspect && held.length < MAX_TRIAL_PARTS ? splitLargest(held) : held;
    }
  }

  /** Sends each part once, and the parts of those that are split. @returns those that have no outcome yet. */
  private async round<Item extends Entry>(
    parts: readonly Part<Item>[],
    { onFinal, onTooMany }: DeliveryEvents<Item>,
    signal: AbortSignal,
  ): Promise<Part<Item>[]> {
    const held: Part<Item>[] = [];
    const queue = [...parts];
    for (let part = queue.shift(); part !== undefined && !signal.aborted; part = queue.shift()) {
      const outcome = await this.sink.send(part.spans);
      if (outcome.kind === 'accepted') {
        this.health.accept();
        if (part.tooMany !== undefined) onTooMany?.(part.tooMany);
        onFinal(part.entries, outcome);
        continue;
      }
      part.refusals++;
      part.acceptedBefore ??= this.health.accepted;
      part.failure = outcome;
      const verdict = await this.judge(part, outcome);
      if (verdict === 'again') queue.unshift(part);
      else if (verdict === 'split') queue.unshift(...split(part));
      else if (verdict === 'final') onFinal(part.entries, { ...outcome, kind: 'permanent' });
      else held.push(part);
      if (verdict === 'hold') this.health.refuse(outcome);
    }
    return held;
  }

  /** Whether a refusal is about these spans, about some of them, or about something else that may pass. */
  private async judge<Item extends Entry>(
    part: Part<Item>,
    outcome: Failure,
  ): Promise<'final' | 'split' | 'hold' | 'again'> {
    const isOne = part.entries.length === 1;
    const haveOthersPassed = this.health.accepted > part.acceptedBefore!;
    if (outcome.kind === 'permanent') {
      if (!isOne) return haveOthersPassed || (await this.isAcceptingOthers(false)) ? 'split' : 'hold';
      if (haveOthersPassed) return 'final';
      // The set-up may have been mended between the refusal and the probe.
      const isRepeated = part.refusals > 1;
      if (!(await this.isAcceptingOthers(isRepeated))) return 'hold';
      return isRepeated || this.sink.probe === undefined ? 'final' : 'again';
    }
    if (outcome.suspect === undefined || !haveOthersPassed || part.refusals < REFUSALS) return 'hold';
    if (!isOne) return 'split';
    return outcome.suspect === 'spans' ? 'final' : 'hold';
  }

  /** What is known without another batch. @param isLast whether one span is refused for good on this evidence. */
  private async isAcceptingOthers(isLast: boolean): Promise<boolean> {
    const { sink, health } = this;
    if (sink.probe === undefined || this.options.trustsRefusals) return true;
    if (this.unproven.acceptedBefore !== health.accepted)
      this.unproven = { count: 0, acceptedBefore: health.accepted };
    if (this.unproven.count >= MAX_UNPROVEN || !(await this.isProbeAccepted(sink.probe.bind(sink))))
      return false;
    if (isLast) this.unproven.count++;
    return true;
  }

  /** Several batches that are refused at once share one probe. */
  private isProbeAccepted(probe: () => Promise<Outcome>): Promise<boolean> {
    const now = this.now();
    if (this.probed === undefined || now - this.probed.at > PROBE_FRESH_MS)
      this.probed = { at: now, isAccepted: probe().then(({ kind }) => kind === 'accepted') };
    return this.probed.isAccepted;
  }

  private async pause(failures: readonly Failure[], attempt: number, signal: AbortSignal): Promise<void> {
    const [{ reason, hint }] = failures as [Failure];
    const asked = failures.map((failure) => (failure.kind === 'retryable' ? (failure.retryAfterMs ?? 0) : 0));
    const delayMs = this.delay(attempt, Math.max(...asked));
    const told = hint === undefined ? reason : `${reason}; ${hint}`;
    this.health.retry(told, delayMs, attempt);
    this.options.onRetry(told, delayMs, attempt);
    await this.options.sleep(delayMs, signal);
  }

  /** Exponential with full jitter, never below a tenth, so that nothing spins; or what the backend asked for. */
  private delay(attempt: number, retryAfterMs: number): number {
    const { initialDelayMs, maxDelayMs, maxRetryAfterMs, random } = this.options;
    const ceiling = Math.min(maxDelayMs, initialDelayMs * 2 ** Math.min(attempt - 1, 30));
    const own = Math.max(ceiling * random(), ceiling / 10);
    return Math.max(own, Math.min(retryAfterMs, maxRetryAfterMs));
  }
}

function partOf<Item extends Entry>(entries: readonly Item[], of?: Part<Item>): Part<Item> {
  return {
    ...{ entries, spans: entries.map(({ span }) => span), failure: of?.failure },
    // A part of several spans is split as soon as it is refused, too; a single span is refused more often first.
    refusals: of === undefined || entries.length === 1 ? 0 : of.refusals - 1,
    acceptedBefore: of?.acceptedBefore,
    tooMany: of?.failure?.suspect === 'size' ? of.entries.length : undefined,
  };
}

function split<Item extends Entry>(part: Part<Item>): Part<Item>[] {
  return halvesOf(part.entries).map((entries) => partOf(entries, part));
}

/** Among several parts one may be accepted, which then says that the backend accepts others. */
function splitLargest<Item extends Entry>(parts: readonly Part<Item>[]): Part<Item>[] {
  const largest = parts.reduce((most, part) => (part.entries.length > most.entries.length ? part : most));
  if (largest.entries.length === 1) return [...parts];
  return parts.flatMap((part) => (part === largest ? split(part) : [part]));
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
