/** A receiver that the test feeds, with deliveries that remember how they were settled. */
import type {
  Delivery,
  MessageProperties,
  Origin,
  Receiver,
  ReceiverHandler,
  ReceiverState,
  Rejection,
} from '../../src/contracts.js';

export class FakeDelivery implements Delivery {
  readonly exchange = 'nova';
  readonly routingKey = 'profiler.info';
  settlement: 'accept' | Rejection | undefined;
  isLost = false;

  constructor(
    readonly body: Buffer,
    readonly properties: MessageProperties,
    readonly redelivered: boolean,
    readonly origin: Origin,
  ) {}

  get size(): number {
    return this.body.length;
  }

  get live(): boolean {
    return this.settlement === undefined && !this.isLost;
  }

  acknowledge(): boolean {
    return this.end('accept');
  }

  deadLetter(why: Rejection): boolean {
    return this.end(why);
  }

  private end(how: 'accept' | Rejection): boolean {
    if (!this.live) return false;
    this.settlement = how;
    return true;
  }
}

export class FakeReceiver implements Receiver {
  readonly name = 'fake';
  state: ReceiverState = { kind: 'connecting' };
  /** Everything that was handed over on the present origin. */
  deliveries: FakeDelivery[] = [];
  isClosed = false;
  private handler: ReceiverHandler | undefined;
  private origin: Origin = { name: 'origin 1' };
  private origins = 1;
  private end: () => void = () => {};
  private fail: (error: Error) => void = () => {};

  get unacknowledged(): number {
    return this.deliveries.filter(({ live }) => live).length;
  }

  run(handler: ReceiverHandler): Promise<void> {
    this.handler = handler;
    this.state = { kind: 'consuming' };
    return new Promise((resolve, reject) => {
      this.end = resolve;
      this.fail = reject;
    });
  }

  /** Hands a message over. */
  give(body: Buffer, properties: MessageProperties = {}, redelivered = false): FakeDelivery {
    const delivery = new FakeDelivery(body, properties, redelivered, this.origin);
    this.deliveries.push(delivery);
    this.handler?.onDelivery(delivery);
    return delivery;
  }

  /** The receiver keeps a message elsewhere, for it to be given again. */
  renew(delivery: FakeDelivery): void {
    delivery.isLost = true;
    this.handler?.onRequeued(delivery);
  }

  /** The channel dies. @returns what was not settled on it, for the broker to give out again. */
  lose(): FakeDelivery[] {
    const unacknowledged = this.deliveries.filter(({ live }) => live);
    for (const delivery of unacknowledged) delivery.isLost = true;
    this.deliveries = [];
    const lost = this.origin;
    this.origin = { name: `origin ${++this.origins}` };
    this.handler?.onOriginLost(lost, unacknowledged.length);
    return unacknowledged;
  }

  /** There is no more input, or no sense in going on. */
  finish(error?: Error): void {
    if (error === undefined) this.end();
    else this.fail(error);
  }

  async stop(): Promise<void> {
    this.state = { kind: 'ended' };
    this.end();
  }

  async close(): Promise<void> {
    await this.stop();
    if (!this.isClosed) this.lose();
    this.isClosed = true;
  }
}
