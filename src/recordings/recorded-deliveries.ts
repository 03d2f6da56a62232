/** What a recording hands over: deliveries with one reading of it as their origin, and the bound on unsettled ones. */
import type { Delivery, Origin } from '../contracts.js';
import type { RecordedMessage } from './record-line.js';

/** The bound on unsettled deliveries. */
export class Window {
  #unsettled = 0;
  #wake: () => void = () => undefined;

  constructor(
    private readonly size: number,
    private readonly stopping: AbortSignal,
  ) {
    stopping.addEventListener('abort', () => this.#wake(), { once: true });
  }

  get full(): boolean {
    return this.#unsettled >= this.size;
  }

  enter(): void {
    this.#unsettled++;
  }

  leave(): void {
    this.#unsettled--;
    if (!this.full) {
      this.#wake();
    }
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
  #lost = false;
  #unsettled = 0;

  constructor(
    readonly name: string,
    private readonly window: Window,
  ) {}

  get lost(): boolean {
    return this.#lost;
  }

  deliver(message: RecordedMessage): Delivery {
    this.#unsettled++;
    this.window.enter();
    return new RecordedDelivery(message, this);
  }

  settled(): void {
    this.#unsettled--;
    this.window.leave();
  }

  get unsettled(): number {
    return this.#lost ? 0 : this.#unsettled;
  }

  /** @returns how many unsettled deliveries that made void. */
  lose(): number {
    const unsettled = this.unsettled;
    this.#lost = true;
    return unsettled;
  }
}

class RecordedDelivery implements Delivery {
  readonly body: Buffer;
  readonly size: number;
  readonly properties: Delivery['properties'];
  readonly exchange: string;
  readonly routingKey: string;
  readonly redelivered: boolean;
  #settled = false;

  constructor(
    message: RecordedMessage,
    readonly origin: Reading,
  ) {
    this.body = message.body;
    this.size = message.body.length;
    this.properties = message.properties;
    this.exchange = message.exchange;
    this.routingKey = message.routingKey;
    this.redelivered = message.redelivered;
  }

  get live(): boolean {
    return !this.#settled && !this.origin.lost;
  }

  deadLetter(): boolean {
    return this.acknowledge();
  }

  acknowledge(): boolean {
    if (!this.live) {
      return false;
    }
    this.#settled = true;
    this.origin.settled();
    return true;
  }
}
