/** A handler and a log that remember, for tests of receivers. */
import type { Delivery, Log, Origin, ReceiverHandler } from '../../src/contracts.js';

export interface LogLine {
  readonly level: string;
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

/** Keeps what it is handed, and lets a test wait for it. */
export class RememberingHandler implements ReceiverHandler {
  readonly deliveries: Delivery[] = [];
  readonly renewed: Delivery[] = [];
  readonly lost: Origin[] = [];
  /** What the deliveries said when they were handed over; once they are settled, nothing of that is left. */
  readonly bodies: string[] = [];

  constructor(private readonly whenDelivered: (delivery: Delivery) => void = () => undefined) {}

  onDelivery(delivery: Delivery): void {
    this.deliveries.push(delivery);
    this.bodies.push(delivery.body.toString());
    this.whenDelivered(delivery);
  }

  onRequeued(delivery: Delivery): void {
    this.renewed.push(delivery);
  }

  onOriginLost(origin: Origin): void {
    this.lost.push(origin);
  }
}

/** A log that keeps its lines. */
export class RememberingLog implements Log {
  readonly lines: LogLine[] = [];
  readonly debug = this.#at('debug');
  readonly info = this.#at('info');
  readonly warn = this.#at('warn');
  readonly error = this.#at('error');

  /** Everything that was said, fields included, as one text. */
  get text(): string {
    return JSON.stringify(this.lines);
  }

  #at(level: string): (fields: Record<string, unknown>, message: string) => void {
    return (fields, message) => {
      this.lines.push({ level, fields, message });
    };
  }
}
