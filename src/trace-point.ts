/** osprofiler's trace points: the two events of each, and what identifies a point. */
import type { PyObject } from './python-json/value.js';
import { UUID_LENGTH } from './uuid.js';

/** An identifier as it was sent: nearly always a UUID's text, now and then other text or an integer. */
export type Id = string | bigint;

/** The beginning or the end of a trace point: what one notification of osprofiler says. */
export interface TraceEvent {
  readonly phase: 'start' | 'stop';
  /** The trace point's name without the final `-start` or `-stop`; may be empty. */
  readonly name: string;
  /** The trace. */
  readonly baseId: Id;
  /** The trace point: the same in both events. */
  readonly traceId: Id;
  /** The enclosing trace point, or `baseId` when there is none. */
  readonly parentId: Id;
  /** Microseconds since the Unix epoch, UTC. Exact: below 2^53 until the year 2255. */
  readonly timestamp: number;
  /** What the point says of itself, `host` included. */
  readonly info: PyObject;
  readonly project: string;
  readonly service: string;
  /** `info.host`, empty when absent. */
  readonly host: string;
  /**
   * Set by the accelerator: two events with one key differ in nothing but their ids, which are all UUIDs, and their
   * timestamps. It holds for these very values.
   */
  readonly templateKey?: number | undefined;
}

/** The identity of a trace point: its trace and itself, whatever text or number they are. */
export interface PointId {
  readonly baseId: Id;
  /** A symbol in that of the span that gathers a trace's roots, which is no trace point. */
  readonly traceId: Id | symbol;
  /** The same for the same ids; never zero. */
  readonly hash: number;
}

/** What a span is made of: the events of a trace point, at least one of them. */
export interface PointEvents {
  readonly start: TraceEvent | undefined;
  readonly stop: TraceEvent | undefined;
}

/** A trace point ready to become a span. */
export interface TracePoint<Token = unknown> extends PointId, PointEvents {
  readonly traceId: Id;
  /** One for each event that there is, the start's first. While the point waits, an event's newer token takes its place. */
  readonly tokens: Token[];
}

/** Keys that are not just the two texts of a UUID's length begin with it, and those never do. */
const UNUSUAL = '\u0001';
const ROOT = Symbol('root');

/** The identity of a trace point as a text. No two share one, whatever their ids are. */
export function pointKey({ baseId, traceId }: Pick<PointId, 'baseId' | 'traceId'>): string {
  if (typeof traceId === 'symbol') return `${UNUSUAL}${keyPart(baseId)}`;
  return isUuidLong(baseId) && isUuidLong(traceId) && !traceId.startsWith(UNUSUAL)
    ? traceId + baseId
    : `${UNUSUAL}${keyPart(baseId)} ${keyPart(traceId)}`;
}

export function pointId({ baseId, traceId }: Pick<TraceEvent, 'baseId' | 'traceId'>): PointId {
  // The point's own id is enough for a hash where it is a UUID's text, and half the work.
  const isUuid = typeof traceId === 'string' && traceId.length === UUID_LENGTH;
  return { baseId, traceId, hash: hashOf(isUuid ? traceId : pointKey({ baseId, traceId })) };
}

/** The identity of the span that gathers a trace's roots: no trace point has it. */
export function rootId({ baseId }: Pick<TraceEvent, 'baseId'>): PointId {
  return { baseId, traceId: ROOT, hash: hashOf(keyPart(baseId)) };
}

function isUuidLong(id: Id): id is string {
  return typeof id === 'string' && id.length === UUID_LENGTH;
}

function keyPart(id: Id): string {
  return typeof id === 'string' ? `${id.length}:${id}` : `#${id}`;
}

/** FNV-1a's. Whoever makes hashes meet on purpose makes finding slower, by no more than what is open. */
const SEED = 0x811c9dc5 | 0;
const PRIME = 0x01000193;

/** A hash of all of a text: never zero. */
export function hashOf(text: string): number {
  const { length } = text;
  let hash = SEED;
  for (let at = 0; at < length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), PRIME);
  // The low bits choose the slot: all others must have an influence on them.
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  hash ^= hash >>> 13;
  return hash === 0 ? 1 : hash;
}
