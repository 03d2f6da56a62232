/**
 * Start and stop halves, in any order, → trace points.
 *
 * Pure: a half comes with an opaque token (the bridge's is its delivery) and the caller's clock. What is open is
 * bounded by count, bytes and age; past a bound the oldest half leaves as an incomplete point.
 */

import type { Id, TraceEvent } from '../codec/trace-event.js';
import { UUID_LENGTH } from '../uuid.js';
import { hashOf, type PointId, PointTable } from './point-table.js';

/** Why a point lacks a half. */
export type Incomplete = 'stop missing' | 'start missing';

/** A trace point ready to become a span: at least one half. */
export interface TracePoint<Token> extends PointId {
  readonly traceId: Id;
  readonly start: TraceEvent | undefined;
  readonly stop: TraceEvent | undefined;
  /** One for each half that there is, the start's first. While the point waits, a half's newer token takes its place. */
  readonly tokens: Token[];
}

/** What adding a half led to. */
export interface Paired<Token> {
  /** The point that this half completed. */
  readonly complete?: TracePoint<Token>;
  /** The token of an equal half that was open already: the new one has taken its place. */
  readonly replaced?: Token;
}

/** What may be open; past a bound the oldest half leaves as an incomplete span. */
export interface PairBounds {
  /** Halves that may be open at once. @default 10,000 */
  readonly maxOpenPoints: number;
  /** Bytes of message bodies that may be open at once. @default 64 MiB */
  readonly maxOpenBytes: number;
  /** Milliseconds that a half waits for its other. @default one hour */
  readonly pairTimeoutMs: number;
}

export const DEFAULT_PAIR_BOUNDS: PairBounds = {
  maxOpenPoints: 10_000,
  maxOpenBytes: 64 * 1024 * 1024,
  pairTimeoutMs: 3_600_000,
};

class OpenHalf<Token> implements PointId {
  /** Its neighbours in order of arrival. */
  older: OpenHalf<Token> | undefined;
  newer: OpenHalf<Token> | undefined;

  /** @param since when it came, by the caller's clock, ms. Kept when an equal half takes its place: it is not younger. */
  constructor(
    readonly hash: number,
    readonly notification: TraceEvent,
    public token: Token,
    readonly bytes: number,
    readonly since: number,
  ) {}

  get baseId(): Id {
    return this.notification.baseId;
  }

  get traceId(): Id {
    return this.notification.traceId;
  }
}

const NOTHING = Object.freeze({});

/** Keys that are not just the two texts of a UUID's length begin with it, and those never do. */
const UNUSUAL = '\u0001';
const ROOT = Symbol('root');

/** The identity of a trace point as a text. No two share one, whatever their ids are. */
export function pointKey({ baseId, traceId }: Pick<TraceEvent, 'baseId' | 'traceId'>): string {
  return isUsual(baseId) && isUsual(traceId) && !traceId.startsWith(UNUSUAL)
    ? traceId + baseId
    : `${UNUSUAL}${keyPart(baseId)} ${keyPart(traceId)}`;
}

/** The hash is one of the point's own id alone where that is a UUID's text, which is half the work. */
export function pointId(notification: Pick<TraceEvent, 'baseId' | 'traceId'>): PointId {
  const { baseId, traceId } = notification;
  return { baseId, traceId, hash: hashOf(isUsual(traceId) ? traceId : pointKey(notification)) };
}

/** The identity of the span that gathers a trace's roots: no trace point has it. */
export function rootId({ baseId }: Pick<TraceEvent, 'baseId'>): PointId {
  return { baseId, traceId: ROOT, hash: hashOf(keyPart(baseId)) };
}

function isUsual(id: string | bigint): id is string {
  return typeof id === 'string' && id.length === UUID_LENGTH;
}

function keyPart(id: string | bigint): string {
  return typeof id === 'string' ? `${id.length}:${id}` : `#${id}`;
}

export class Pairer<Token> {
  private readonly open = new PointTable<OpenHalf<Token>>();
  /**
   * The ends of the list of open halves. A map would have their order, too, but to find its first entry it passes the
   * places of all that were deleted lately: at a bound of 10,000 that was most of what a half cost.
   */
  private oldest: OpenHalf<Token> | undefined;
  private newest: OpenHalf<Token> | undefined;
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
   * Adds a half.
   * @param id {@link pointId} of the notification.
   * @param bytes the size of its body, which stands for the memory that it takes while open.
   * @param now the caller's clock, ms; never going back.
   */
  add(id: PointId, notification: TraceEvent, token: Token, bytes: number, now: number): Paired<Token> {
    const other = this.open.get(id);
    if (other === undefined) {
      this.append(new OpenHalf(id.hash, notification, token, bytes, now));
      return NOTHING;
    }
    if (other.notification.phase === notification.phase) {
      const replaced = other.token;
      other.token = token;
      return { replaced };
    }
    this.remove(other);
    return {
      complete:
        notification.phase === 'stop'
          ? pointOf(other.hash, other.notification, notification, [other.token, token])
          : pointOf(other.hash, notification, other.notification, [token, other.token]),
    };
  }

  /** The start events that wait for their stop, by arrival. */
  *openStarts(): Generator<TraceEvent> {
    for (let half = this.oldest; half !== undefined; half = half.newer)
      if (half.notification.phase === 'start') yield half.notification;
  }

  /** The halves that the bounds and the pair timeout no longer keep, oldest first, as incomplete points. */
  *overdue(now: number): Generator<TracePoint<Token>> {
    for (let half = this.oldest; half !== undefined; half = this.oldest) {
      if (!this.isOverBound && now - half.since < this.bounds.pairTimeoutMs) return;
      this.remove(half);
      yield incomplete(half);
    }
  }

  /** Everything that is open, as incomplete points: the input has ended, and no other half will come. */
  *flush(): Generator<TracePoint<Token>> {
    for (let half = this.oldest; half !== undefined; half = this.oldest) {
      this.remove(half);
      yield incomplete(half);
    }
  }

  /** Forgets the open halves whose token is void; they will come again. @returns how many. */
  forget(isVoid: (token: Token) => boolean): number {
    let forgotten = 0;
    for (let half = this.oldest, next = half; half !== undefined; half = next) {
      next = half.newer;
      if (!isVoid(half.token)) continue;
      this.remove(half);
      forgotten++;
    }
    return forgotten;
  }

  private append(half: OpenHalf<Token>): void {
    this.open.set(half);
    this.bytes += half.bytes;
    half.older = this.newest;
    if (this.newest === undefined) this.oldest = half;
    else this.newest.newer = half;
    this.newest = half;
  }

  private remove(half: OpenHalf<Token>): void {
    const { bytes, older, newer } = half;
    this.open.delete(half);
    this.bytes -= bytes;
    if (older === undefined) this.oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.newest = older;
    else newer.older = older;
    // One that has grown old in V8's eyes would keep those alive that came after it, until it is collected itself.
    half.older = undefined;
    half.newer = undefined;
  }
}

/** @param start and `stop`: of one point; at least one. */
function pointOf<Token>(
  hash: number,
  start: TraceEvent | undefined,
  stop: TraceEvent | undefined,
  tokens: Token[],
): TracePoint<Token> {
  const { baseId, traceId } = (start ?? stop)!;
  return { baseId, traceId, hash, start, stop, tokens };
}

function incomplete<Token>({ hash, notification, token }: OpenHalf<Token>): TracePoint<Token> {
  return notification.phase === 'start'
    ? pointOf(hash, notification, undefined, [token])
    : pointOf(hash, undefined, notification, [token]);
}
