/**
 * Start and stop events, in any order, → trace points.
 *
 * Pure: an event comes with an opaque token (the bridge's is its delivery) and the caller's clock. What is open is
 * bounded by count, bytes and age; past a bound the oldest event becomes an incomplete point.
 */
import type { PointId, TraceEvent, TracePoint } from '../trace-point.js';
import { PointMap } from './point-map.js';

/** What adding an event led to. */
export interface Paired<Token> {
  /** The point that this event completed. */
  readonly complete?: TracePoint<Token>;
  /** The token of an equal event that was open already: the new one has taken its place. */
  readonly replaced?: Token;
}

/** What may be open; past a bound the oldest event becomes an incomplete span. */
export interface PairBounds {
  /** Events that may be open at once. @default 10,000 */
  readonly maxOpenPoints: number;
  /** Bytes of message bodies that may be open at once. @default 64 MiB */
  readonly maxOpenBytes: number;
  /** Milliseconds that an event waits for the other of its point. @default one hour */
  readonly pairTimeoutMs: number;
}

export const DEFAULT_PAIR_BOUNDS: PairBounds = {
  maxOpenPoints: 10_000,
  maxOpenBytes: 64 * 1024 * 1024,
  pairTimeoutMs: 3_600_000,
};

/** An event that waits for the other of its point. */
class OpenEvent<Token> {
  /** Its neighbours in order of arrival. */
  older: OpenEvent<Token> | undefined;
  newer: OpenEvent<Token> | undefined;

  /** @param since when it came, by the caller's clock, ms. Kept when an equal event takes its place: it is not younger. */
  constructor(
    readonly id: PointId,
    readonly event: TraceEvent,
    public token: Token,
    readonly bytes: number,
    readonly since: number,
  ) {}
}

const NOTHING = Object.freeze({});

export class Pairer<Token> {
  private readonly open = new PointMap<OpenEvent<Token>>();
  /**
   * The ends of the list of open events, by arrival. A `Map` has an order, too, but to find its first entry it passes the
   * places of all that were deleted lately: at a bound of 10,000 that was most of what an event cost.
   */
  private oldest: OpenEvent<Token> | undefined;
  private newest: OpenEvent<Token> | undefined;
  private bytes = 0;

  constructor(private readonly bounds: PairBounds = DEFAULT_PAIR_BOUNDS) {}

  get openPoints(): number {
    return this.open.size;
  }

  get openBytes(): number {
    return this.bytes;
  }

  /** {@link overdue} has something to push out, whatever the time. */
  get isOverBound(): boolean {
    return this.open.size > this.bounds.maxOpenPoints || this.bytes > this.bounds.maxOpenBytes;
  }

  /**
   * Adds an event.
   * @param id `pointId` of the event.
   * @param bytes the size of its body, which stands for the memory that it takes while open.
   * @param now the caller's clock, ms; never going back.
   */
  add(id: PointId, event: TraceEvent, token: Token, bytes: number, now: number): Paired<Token> {
    const other = this.open.get(id);
    if (other === undefined) {
      this.append(new OpenEvent(id, event, token, bytes, now));
      return NOTHING;
    }
    if (other.event.phase === event.phase) {
      const replaced = other.token;
      other.token = token;
      return { replaced };
    }
    this.remove(other);
    const complete =
      event.phase === 'stop'
        ? pointOf(id, other.event, event, [other.token, token])
        : pointOf(id, event, other.event, [token, other.token]);
    return { complete };
  }

  /** The start events that wait for their stop, by arrival. */
  *openStarts(): Generator<TraceEvent> {
    for (let open = this.oldest; open !== undefined; open = open.newer)
      if (open.event.phase === 'start') yield open.event;
  }

  /** The events that the bounds and the pair timeout no longer keep, oldest first, as incomplete points. */
  *overdue(now: number): Generator<TracePoint<Token>> {
    for (let open = this.oldest; open !== undefined; open = this.oldest) {
      if (!this.isOverBound && now - open.since < this.bounds.pairTimeoutMs) return;
      this.remove(open);
      yield incomplete(open);
    }
  }

  /** Everything that is open, as incomplete points: the input has ended, and no other event will come. */
  *flush(): Generator<TracePoint<Token>> {
    for (let open = this.oldest; open !== undefined; open = this.oldest) {
      this.remove(open);
      yield incomplete(open);
    }
  }

  /** Forgets the open events whose token is void; they will be redelivered. @returns how many. */
  forget(isVoid: (token: Token) => boolean): number {
    let forgotten = 0;
    for (let open = this.oldest, next = open; open !== undefined; open = next) {
      next = open.newer;
      if (!isVoid(open.token)) continue;
      this.remove(open);
      forgotten++;
    }
    return forgotten;
  }

  private append(open: OpenEvent<Token>): void {
    this.open.set(open.id, open);
    this.bytes += open.bytes;
    open.older = this.newest;
    if (this.newest === undefined) this.oldest = open;
    else this.newest.newer = open;
    this.newest = open;
  }

  private remove(open: OpenEvent<Token>): void {
    const { bytes, older, newer } = open;
    this.open.delete(open.id);
    this.bytes -= bytes;
    if (older === undefined) this.oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.newest = older;
    else newer.older = older;
    // One that has grown old in V8's eyes would keep those alive that came after it, until it is collected itself.
    open.older = undefined;
    open.newer = undefined;
  }
}

function pointOf<Token>(
  { hash }: PointId,
  start: TraceEvent | undefined,
  stop: TraceEvent | undefined,
  tokens: Token[],
): TracePoint<Token> {
  const { baseId, traceId } = (start ?? stop)!;
  return { baseId, traceId, hash, start, stop, tokens };
}

function incomplete<Token>({ id, event, token }: OpenEvent<Token>): TracePoint<Token> {
  return event.phase === 'start'
    ? pointOf(id, event, undefined, [token])
    : pointOf(id, undefined, event, [token]);
}
