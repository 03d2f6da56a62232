/**
 * What is unacknowledged on one channel, and how to tell the broker with the fewest frames. Pure: no I/O, no timers.
 *
 * RabbitMQ acknowledges "this tag and all before it" in one frame (`multiple`). That is right only below the oldest tag
 * that is still unacknowledged. Trace points end out of order all the time, so acknowledgements are collected and sent
 * together: one `multiple` frame for those below that tag, and a frame for each of the others. A start event that stays
 * open, as the root of every trace does, costs a frame for each message behind it: see ack-scheduler.ts.
 *
 * A delivery may also be *moving*: the handler has no part in it any more, and it stays unacknowledged until a copy of
 * it is safe in another queue. No `multiple` frame covers it.
 */

/** The two frames that end a delivery on a channel. */
export interface Acknowledger {
  /** Acknowledges `tag`, or with `multiple` everything unacknowledged up to and with `tag`. */
  ack(tag: number, multiple: boolean): void;
  /** Discards `tag` alone: the broker dead-letters it if the queue says so. */
  reject(tag: number): void;
}

/**
 * The roots of some traces, and what is open within them, are fewer; a batch that is late is more. Behind fewer than
 * these a few thousand frames do not keep RabbitMQ for long.
 */
const MANY = 256;

/** A delivery's place in the tracker. Deliveries extend it, so that acknowledging one needs no look-up. */
export class TrackedDelivery {
  /** @internal */ tracker: AckTracker | undefined;
  /** @internal */ previous: TrackedDelivery | undefined;
  /** @internal */ next: TrackedDelivery | undefined;
  /** @internal */ isMoving = false;

  /** @param tag the channel's delivery tag: 1, 2, 3, … in the order of arrival. */
  constructor(readonly tag: number) {}

  /** Whether acknowledging it would still reach the broker. */
  get live(): boolean {
    return this.tracker !== undefined && !this.isMoving;
  }

  /** Whether the broker still waits for its acknowledgement. */
  get held(): boolean {
    return this.tracker !== undefined;
  }

  /** @internal It is over, or another delivery took its place. Not called when the channel is gone. */
  onRemoved(): void {}
}

/** Unacknowledged deliveries in the order of their tags, and acknowledgements that the broker does not know of yet. */
export class AckTracker {
  #oldest: TrackedDelivery | undefined;
  #newest: TrackedDelivery | undefined;
  #unacknowledged = 0;
  #moving = 0;
  #acknowledged: number[] = [];
  /** The highest tag among them; zero without any. */
  #highest = 0;
  #rejected: number[] = [];

  /** @param isAlone whether nobody else consumes on the channel: a `multiple` frame would acknowledge their messages, too. */
  constructor(private readonly isAlone = true) {}

  /** How many deliveries are the handler's. */
  get unacknowledged(): number {
    return this.#unacknowledged;
  }

  /** How many are being copied to another queue. */
  get moving(): number {
    return this.#moving;
  }

  /** How many acknowledgements and rejections wait for the next flush. */
  get waiting(): number {
    return this.#acknowledged.length + this.#rejected.length;
  }

  /** How many deliveries the broker counts as unacknowledged. */
  get inFlight(): number {
    return this.#unacknowledged + this.#moving + this.waiting;
  }

  /**
   * How many acknowledgements would need a frame of their own now, but may go with others once older deliveries are
   * over. O(acknowledgements that wait).
   */
  get scattered(): number {
    if (!this.isAlone || this.#rejected.length > 0) return 0;
    const bound = this.#bound;
    if (this.#highest <= bound) return 0;
    let count = 0;
    for (const tag of this.#acknowledged) if (tag > bound) count += 1;
    return count;
  }

  /** Whether many deliveries are open, or moving, before the latest acknowledgement that waits. O(256). */
  get isBehindMany(): boolean {
    let entry = this.#oldest;
    for (let count = 0; count < MANY && entry !== undefined; count++) entry = entry.next;
    return entry !== undefined && entry.tag < this.#highest;
  }

  /** Takes in a delivery that has just arrived; its tag is above all earlier ones. */
  add(entry: TrackedDelivery): void {
    entry.tracker = this;
    entry.previous = this.#newest;
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.next = entry;
    this.#newest = entry;
    this.#unacknowledged += 1;
  }

  /**
   * Acknowledges a delivery, the first time and only while it is live. O(1).
   * @returns whether this call did it; so with the next two.
   */
  acknowledge(entry: TrackedDelivery): boolean {
    if (!this.remove(entry)) return false;
    this.#acknowledge(entry.tag);
    return true;
  }

  reject(entry: TrackedDelivery): boolean {
    if (!this.remove(entry)) return false;
    this.#rejected.push(entry.tag);
    return true;
  }

  /** Lets go of a live delivery: somebody else tells the broker what becomes of it. O(1). */
  remove(entry: TrackedDelivery): boolean {
    if (entry.tracker !== this || entry.isMoving) return false;
    this.#unlink(entry);
    this.#unacknowledged -= 1;
    return true;
  }

  /** Takes a live delivery from the handler, while it is copied to another queue. O(1). @returns whether it was live. */
  beginMove(entry: TrackedDelivery): boolean {
    if (entry.tracker !== this || entry.isMoving) return false;
    entry.isMoving = true;
    this.#unacknowledged -= 1;
    this.#moving += 1;
    return true;
  }

  /** The copy is safe: acknowledges the delivery. O(1). @returns false when it is not moving here (any more). */
  endMove(entry: TrackedDelivery): boolean {
    if (entry.tracker !== this || !entry.isMoving) return false;
    this.#unlink(entry);
    this.#moving -= 1;
    this.#acknowledge(entry.tag);
    return true;
  }

  /** It was not copied: puts `fresh`, of the same tag, in its place. O(1). @returns false when it is not moving here. */
  replace(entry: TrackedDelivery, fresh: TrackedDelivery): boolean {
    if (entry.tracker !== this || !entry.isMoving) return false;
    fresh.tracker = this;
    fresh.previous = entry.previous;
    fresh.next = entry.next;
    if (entry.previous === undefined) this.#oldest = fresh;
    else entry.previous.next = fresh;
    if (entry.next === undefined) this.#newest = fresh;
    else entry.next.previous = fresh;
    detach(entry);
    entry.onRemoved();
    this.#moving -= 1;
    this.#unacknowledged += 1;
    return true;
  }

  /** The unacknowledged deliveries, oldest first, those that are moving included. The present one may be removed. */
  *[Symbol.iterator](): Generator<TrackedDelivery> {
    for (let entry = this.#oldest, next = entry?.next; entry !== undefined; entry = next) {
      next = entry.next;
      yield entry;
    }
  }

  /**
   * Tells the broker of all that waits. O(frames and acknowledgements).
   * @returns how many frames were sent.
   */
  flush(channel: Acknowledger): number {
    const rejected = this.#rejected;
    this.#rejected = [];
    // Rejections first: a `multiple` frame would acknowledge those below it that the broker still counts as open.
    for (const tag of rejected) channel.reject(tag);
    const bound = this.#bound;
    const acknowledged = this.#takeAcknowledged();
    let highest = 0;
    let below = 0;
    for (const tag of acknowledged) {
      if (tag > bound) continue;
      below += 1;
      if (tag > highest) highest = tag;
    }
    // The highest acknowledged one, not the tag before the oldest open one: RabbitMQ answers a tag that it no longer
    // counts as open (a rejected one) with 406, `multiple` or not.
    if (below > 0) channel.ack(highest, below > 1);
    // In the order of acknowledgement, so that start and stop of one point are next to each other: where a bridge that is
    // killed cuts these frames, one pair is torn. By their tags, all starts that overlap there would have gone alone.
    for (const tag of acknowledged) if (tag > bound) channel.ack(tag, false);
    return rejected.length + Math.min(below, 1) + acknowledged.length - below;
  }

  /** The channel is gone: all deliveries are void, and let go of their neighbours. */
  abandon(): void {
    for (const entry of this) detach(entry);
    this.#oldest = undefined;
    this.#newest = undefined;
    this.#unacknowledged = 0;
    this.#moving = 0;
    this.#takeAcknowledged();
    this.#rejected = [];
  }

  /** Below it everything is over. */
  get #bound(): number {
    return this.isAlone ? (this.#oldest?.tag ?? Number.POSITIVE_INFINITY) : 0;
  }

  #acknowledge(tag: number): void {
    this.#acknowledged.push(tag);
    if (tag > this.#highest) this.#highest = tag;
  }

  #takeAcknowledged(): number[] {
    const acknowledged = this.#acknowledged;
    this.#acknowledged = [];
    this.#highest = 0;
    return acknowledged;
  }

  #unlink(entry: TrackedDelivery): void {
    if (entry.previous === undefined) this.#oldest = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next === undefined) this.#newest = entry.previous;
    else entry.next.previous = entry.previous;
    detach(entry);
    entry.onRemoved();
  }
}

/** A delivery that somebody still holds must not hold its neighbours, bodies and all, in memory. */
function detach(entry: TrackedDelivery): void {
  entry.tracker = undefined;
  entry.previous = undefined;
  entry.next = undefined;
  entry.isMoving = false;
}
