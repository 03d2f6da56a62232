/**
 * What is unsettled on one channel, and how to tell the broker with the fewest frames. Pure: no I/O, no timers.
 *
 * RabbitMQ settles "this tag and all before it" in one frame (`multiple`), which is right only below the oldest tag
 * that is still unsettled. Pairing settles out of order all the time, so settlements are collected and flushed
 * together: one `multiple` frame for the accepted ones below that tag, and a frame for each of the others. A start that
 * stays open, as the root of every trace does, costs a frame for each message behind it: see settlement-turns.ts.
 *
 * Between open and settled an entry may be *aside*: no longer the handler's, but unacknowledged until a copy of it is
 * safe in another queue. No `multiple` frame covers it.
 */
import type { Rejection } from '../contracts.js';

/** How a delivery ends. */
export type Settlement = 'accept' | Rejection;

/** The two frames that end a delivery on a channel. */
export interface Acknowledger {
  /** Accepts `tag`, or with `multiple` everything unacknowledged up to and with `tag`. */
  ack(tag: number, multiple: boolean): void;
  /** Discards `tag` alone: the broker dead-letters it if the queue says so. */
  reject(tag: number): void;
}

/**
 * The roots of some traces, and what is open within them, are fewer; a batch of usual size that is late is more. Behind fewer
 * than these a few thousand frames do not keep RabbitMQ for long.
 */
const MANY = 256;

/** A delivery's place in the ledger. Deliveries extend it, so that settling one needs no look-up. */
export class TrackedDelivery {
  /** @internal */ ledger: AckTracker | undefined;
  /** @internal */ previous: TrackedDelivery | undefined;
  /** @internal */ next: TrackedDelivery | undefined;
  /** @internal */ isAside = false;

  /** @param tag - the channel's delivery tag: 1, 2, 3, … in the order of arrival. */
  constructor(readonly tag: number) {}

  /** Whether settling it would still reach the broker. */
  get live(): boolean {
    return this.ledger !== undefined && !this.isAside;
  }

  /** Whether the broker still counts it as handed out and unacknowledged. */
  get held(): boolean {
    return this.ledger !== undefined;
  }

  /** @internal It was settled, or another entry took its place. Not called for what is abandoned. */
  onLeft(): void {}
}

/** Unacknowledged entries in the order of their tags, and settled ones that the broker does not know of yet. */
export class AckTracker {
  #oldest: TrackedDelivery | undefined;
  #newest: TrackedDelivery | undefined;
  #unsettled = 0;
  #aside = 0;
  #accepted: number[] = [];
  /** The highest tag among them; zero without any. */
  #highest = 0;
  #rejected: number[] = [];

  /** @param isAlone - whether nobody else consumes on the channel: a `multiple` frame would settle their messages, too. */
  constructor(private readonly isAlone = true) {}

  /** How many entries are open: neither settled, aside nor abandoned. */
  get unsettled(): number {
    return this.#unsettled;
  }

  /** How many entries are aside. */
  get aside(): number {
    return this.#aside;
  }

  /** How many settlements wait for the next flush. */
  get waiting(): number {
    return this.#accepted.length + this.#rejected.length;
  }

  /** How many entries the broker counts as handed out: those open, those aside, and those that it was not told of yet. */
  get unacknowledged(): number {
    return this.#unsettled + this.#aside + this.#accepted.length + this.#rejected.length;
  }

  /**
   * How many of them would need a frame of their own now, but may go with others once older entries are settled.
   * O(settlements that wait).
   */
  get scattered(): number {
    const bound = this.#bound;
    if (this.#rejected.length > 0 || this.#highest <= bound) return 0;
    let count = 0;
    for (const tag of this.#accepted) if (tag > bound) count += 1;
    return count;
  }

  /** Whether many entries are open, or aside, before the latest settlement that waits. O(256). */
  get isBehindMany(): boolean {
    let entry = this.#oldest;
    for (let count = 0; count < MANY && entry !== undefined; count++) entry = entry.next;
    return entry !== undefined && entry.tag < this.#highest;
  }

  /** Takes in an entry that has just arrived; its tag is above all earlier ones. */
  add(entry: TrackedDelivery): void {
    entry.ledger = this;
    entry.previous = this.#newest;
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.next = entry;
    this.#newest = entry;
    this.#unsettled += 1;
  }

  /**
   * Settles an entry, the first time and only while it is live. O(1).
   * @returns whether this call settled it.
   */
  settle(entry: TrackedDelivery, how: Settlement): boolean {
    if (entry.ledger !== this || entry.isAside) return false;
    this.#unlink(entry);
    this.#unsettled -= 1;
    if (how === 'accept') this.#accept(entry.tag);
    else this.#rejected.push(entry.tag);
    return true;
  }

  /**
   * Takes a live entry from its holder; the broker still waits for its end. O(1).
   * @returns whether it was live.
   */
  setAside(entry: TrackedDelivery): boolean {
    if (entry.ledger !== this || entry.isAside) return false;
    entry.isAside = true;
    this.#unsettled -= 1;
    this.#aside += 1;
    return true;
  }

  /**
   * Accepts an entry that is aside: its copy is safe. O(1).
   * @returns false when it is not aside here (any more).
   */
  release(entry: TrackedDelivery): boolean {
    if (entry.ledger !== this || !entry.isAside) return false;
    this.#unlink(entry);
    this.#aside -= 1;
    this.#accept(entry.tag);
    return true;
  }

  /**
   * Puts a fresh entry of the same tag in the place of one that is aside, for a holder to whom the old one is over. O(1).
   * @returns false when the old one is not aside here (any more).
   */
  renew(entry: TrackedDelivery, fresh: TrackedDelivery): boolean {
    if (entry.ledger !== this || !entry.isAside) return false;
    fresh.ledger = this;
    fresh.previous = entry.previous;
    fresh.next = entry.next;
    if (entry.previous === undefined) this.#oldest = fresh;
    else entry.previous.next = fresh;
    if (entry.next === undefined) this.#newest = fresh;
    else entry.next.previous = fresh;
    detach(entry);
    entry.onLeft();
    this.#aside -= 1;
    this.#unsettled += 1;
    return true;
  }

  /**
   * Lets go of a live entry: somebody else tells the broker what becomes of it. O(1).
   * @returns whether it was live.
   */
  drop(entry: TrackedDelivery): boolean {
    if (entry.ledger !== this || entry.isAside) return false;
    this.#unlink(entry);
    this.#unsettled -= 1;
    return true;
  }

  /** The unacknowledged entries, oldest first, those aside included. */
  *[Symbol.iterator](): Generator<TrackedDelivery> {
    for (let entry = this.#oldest; entry !== undefined; entry = entry.next) yield entry;
  }

  /**
   * Tells the broker of the settlements that wait; without any, sends nothing. O(frames and settlements).
   * @returns how many frames were sent.
   */
  flush(channel: Acknowledger): number {
    const rejected = this.#rejected;
    this.#rejected = [];
    // Rejections first: a `multiple` frame would accept those below it that the broker still counts as open.
    for (const tag of rejected) channel.reject(tag);
    const bound = this.#bound;
    const accepted = this.#takeAccepted();
    const alone = accepted.filter((tag) => tag > bound);
    return rejected.length + acknowledgeTogether(channel, accepted, bound) + acknowledgeEach(channel, alone);
  }

  /** The channel is gone: everything in the ledger is void and lets go of its neighbours. */
  abandon(): void {
    let entry = this.#oldest;
    while (entry !== undefined) {
      const next = entry.next;
      detach(entry);
      entry = next;
    }
    this.#oldest = undefined;
    this.#newest = undefined;
    this.#unsettled = 0;
    this.#aside = 0;
    this.#takeAccepted();
    this.#rejected = [];
  }

  /** Below it everything is settled. */
  get #bound(): number {
    return this.isAlone ? (this.#oldest?.tag ?? Number.POSITIVE_INFINITY) : 0;
  }

  #accept(tag: number): void {
    this.#accepted.push(tag);
    if (tag > this.#highest) this.#highest = tag;
  }

  #takeAccepted(): number[] {
    const accepted = this.#accepted;
    this.#accepted = [];
    this.#highest = 0;
    return accepted;
  }

  #unlink(entry: TrackedDelivery): void {
    if (entry.previous === undefined) this.#oldest = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next === undefined) this.#newest = entry.previous;
    else entry.next.previous = entry.previous;
    detach(entry);
    entry.onLeft();
  }
}

/** Those below `bound` in one frame. @returns how many frames. */
function acknowledgeTogether(channel: Acknowledger, accepted: readonly number[], bound: number): number {
  let highest = 0;
  let count = 0;
  for (const tag of accepted) {
    if (tag > bound) continue;
    count += 1;
    if (tag > highest) highest = tag;
  }
  // The highest accepted one, not the tag before the oldest unsettled: RabbitMQ answers a tag that it no longer
  // counts as open (a rejected one) with 406, `multiple` or not.
  if (count > 0) channel.ack(highest, count > 1);
  return Math.min(count, 1);
}

/**
 * As they were settled, the halves of a pair next to each other: where a bridge that is killed cuts these frames, one pair
 * is torn. By their tags, the starts of all that overlap there would have gone without their stops.
 * @returns how many frames.
 */
function acknowledgeEach(channel: Acknowledger, tags: readonly number[]): number {
  for (const tag of tags) channel.ack(tag, false);
  return tags.length;
}

/** A settled entry that somebody still holds must not hold its neighbours, bodies and all, in memory. */
function detach(entry: TrackedDelivery): void {
  entry.ledger = undefined;
  entry.previous = undefined;
  entry.next = undefined;
  entry.isAside = false;
}
