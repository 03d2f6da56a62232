/**
 * When acknowledgements go to the broker: those of all channels that events of one trace point may come by, in one turn.
 * A bridge that is killed then leaves behind both events of a point or neither, but for what is cut within a write.
 *
 * They wait for each other while more than a few would need a frame of their own, as long as the root of a trace is open
 * before them. Frames are what an acknowledgement costs the broker, and nearly all of them go in one `multiple` frame
 * when that trace is over. In a drain that halves the broker's work. What waits when the bridge is killed is
 * redelivered, as what is on its way is.
 */
import type { AckTracker } from './ack-tracker.js';

/** Up to this part of a channel's window, acknowledgements wait … */
const MOST_OF_WINDOW = 0.25;
/**
 * … or up to this part behind many that are open. So it is while a batch is late that others have overtaken: RabbitMQ then
 * looks for each frame's message past a thousand others, and 2,000 such frames kept it from delivering anything for a
 * second and a half.
 */
const MOST_BEHIND_MANY = 0.5;
/**
 * … and for so long. A real server's boot, drained at 20,000 notifications a second, is over in 0.2 s: with a wait of
 * 0.25 s every other drain met the timer again and again, and cost the broker half as much again.
 */
const LONGEST_WAIT_MS = 1_000;
/**
 * They go before, though, once at most this part of them would need a frame of its own. So it is whenever a trace is over
 * and the next one has begun, as in a drain. Left to a moment that the other bounds choose, now and then some 2,000 went in
 * frames of their own, each of which RabbitMQ looks for past all that is open before it: it delivered nothing for a second.
 */
const FEW = 0.125;

/** One channel's acknowledgements. */
export interface AckChannel {
  /** How many messages the broker delivers ahead of their acknowledgement. */
  readonly window: number;
  readonly tracker: Pick<AckTracker, 'waiting' | 'scattered' | 'isBehindMany'>;
  /** Tells the broker of all of them. Never throws. */
  flush(): void;
}

export class AckScheduler {
  readonly #channels = new Set<AckChannel>();
  #isScheduled = false;
  #isUrgent = false;
  #timer: NodeJS.Timeout | undefined;

  join(channel: AckChannel): void {
    this.#channels.add(channel);
  }

  /** The channel is gone, and its acknowledgements with it. */
  leave(channel: AckChannel): void {
    this.#channels.delete(channel);
    if (this.#channels.size === 0) this.#stopWaiting();
  }

  /**
   * Something was acknowledged: looks at the end of the event loop's turn, since a batch ends a thousand at once.
   * @param isUrgent - whether all must go then. A copy of the message is in another queue: until this one is
   * acknowledged it may come twice.
   */
  soon(isUrgent = false): void {
    this.#isUrgent ||= isUrgent;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      if (!this.#isUrgent && this.#mayWait()) this.#timer ??= setTimeout(() => this.flush(), LONGEST_WAIT_MS);
      else this.flush();
    });
  }

  /** Tells the broker of everything now. */
  flush(): void {
    this.#stopWaiting();
    this.#isUrgent = false;
    for (const channel of this.#channels) channel.flush();
  }

  #mayWait(): boolean {
    let [waiting, scattered] = [0, 0];
    for (const { tracker, window } of this.#channels) {
      if (tracker.waiting > window * MOST_BEHIND_MANY) return false;
      if (tracker.waiting > window * MOST_OF_WINDOW && !tracker.isBehindMany) return false;
      waiting += tracker.waiting;
      scattered += tracker.scattered;
    }
    return scattered > waiting * FEW;
  }

  #stopWaiting(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
