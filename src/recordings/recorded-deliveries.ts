/** What a recording delivers: deliveries with one reading of it as their origin, and the bound on unacknowledged ones. */
import type { Delivery, Origin } from '../contracts.js';
import type { RecordedMessage } from './record-line.js';

/** The bound on unacknowledged deliveries. */
export class Window {
  #unacknowledged = 0;
  #wake: () => void = () => undefined;

  constructor(
    private readonly size: number,
    private readonly stopping: AbortSignal,
  ) {
    stopping.addEventListener('abort', () => this.#wake(), { once: true });
  }

  get full(): boolean {
    return this.#unacknowledged >= this.size;
  }

  change(by: 1 | -1): void {
    this.#unacknowledged += by;
    if (!this.full) this.#wake();
  }

  /** Resolves when there is room, or when the receiver is stopping. */
  async room(): Promise<void> {
    while (this.full && !this.stopping.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** One reading of one recording: the origin of its deliveries. */
export class Reading implements Origin {
  lost = false;
  #unacknowledged = 0;

  constructor(
    readonly name: string,
    private readonly window: Window,
  ) {}

  get unacknowledged(): number {
    return this.lost ? 0 : this.#unacknowledged;
  }

  /** @returns how many unacknowledged deliveries that made void. */
  lose(): number {
    const { unacknowledged } = this;
    this.lost = true;
    return unacknowledged;
  }

  deliver(message: RecordedMessage): Delivery {
    const { body, properties, exchange, routingKey, redelivered } = message;
    let isDone = false;
    const isLive = () => !isDone && !this.lost;
    const end = () => {
      if (!isLive()) return false;
      isDone = true;
      this.#change(-1);
      return true;
    };
    this.#change(1);
    return {
      ...{ body, size: body.length, properties, exchange, routingKey, redelivered, origin: this },
      get live() {
        return isLive();
      },
      acknowledge: end,
      deadLetter: end,
    };
  }

  #change(by: 1 | -1): void {
    this.#unacknowledged += by;
    this.window.change(by);
  }
}
