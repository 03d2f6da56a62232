/** A recording's own pace, or a multiple of it. */
import { type Clock, MACHINE_CLOCK } from '../pause.js';

/** The longest that a timer of Node's can wait; a longer one would fire at once. */
const LONGEST_PAUSE_MS = 2 ** 31 - 1;

/** Keeps the distances between messages of one recording: each is due as long after the first as it was then. */
export class Pace {
  #first: { recorded: number; played: number } | undefined;

  /** @param speed how many times as fast as the recording, above 0 */
  constructor(
    private readonly speed: number,
    private readonly clock: Clock = MACHINE_CLOCK,
  ) {}

  /** Waits until a message recorded at that time (ms) is due. Messages out of order are due at once. */
  async wait(recorded: number, signal: AbortSignal): Promise<void> {
    this.#first ??= { recorded, played: this.clock.now() };
    const due = this.#first.played + (recorded - this.#first.recorded) / this.speed;
    for (let ms = due - this.clock.now(); ms > 0 && !signal.aborted; ms = due - this.clock.now()) {
      await this.clock.pause(Math.min(Math.ceil(ms), LONGEST_PAUSE_MS), signal);
    }
  }
}
