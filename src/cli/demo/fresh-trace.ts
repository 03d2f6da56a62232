/**
 * The recording as a trace of its own: backends keep the first of two spans with one id, so that a second demo would
 * show them the first one's times.
 */
import { randomUUID } from 'node:crypto';
import type { Delivery, Receiver, ReceiverHandler, Rejection } from '../../contracts.js';

const BASE_ID = /"base_id": "([0-9a-f-]{36})"/;

/** A receiver whose notifications have another `base_id`, the same for all of one trace. */
export class FreshTraces implements Receiver {
  private readonly renamed = new Map<string, string>();

  constructor(private readonly recorded: Receiver) {}

  get name(): string {
    return this.recorded.name;
  }

  get state(): Receiver['state'] {
    return this.recorded.state;
  }

  get unacknowledged(): number {
    return this.recorded.unacknowledged;
  }

  /** The `base_id`s that took the recorded ones' places, so far. */
  get baseIds(): readonly string[] {
    return [...this.renamed.values()];
  }

  run(handler: ReceiverHandler): Promise<void> {
    return this.recorded.run({
      ...handler,
      onDelivery: (delivery) => handler.onDelivery(new RenamedDelivery(delivery, this.rename(delivery.body))),
    });
  }

  stop(): Promise<void> {
    return this.recorded.stop();
  }

  close(): Promise<void> {
    return this.recorded.close();
  }

  /** In the text, since a root's `parent_id` is the same UUID. */
  private rename(body: Buffer): Buffer {
    const text = body.toString('utf8');
    const old = BASE_ID.exec(text)?.[1];
    if (old === undefined) return body;
    const fresh = this.renamed.get(old) ?? randomUUID();
    this.renamed.set(old, fresh);
    return Buffer.from(text.replaceAll(old, fresh));
  }
}

class RenamedDelivery implements Delivery {
  readonly properties: Delivery['properties'];
  readonly exchange: string;
  readonly routingKey: string;
  readonly redelivered: boolean;
  readonly origin: Delivery['origin'];

  constructor(
    private readonly recorded: Delivery,
    readonly body: Buffer,
  ) {
    this.properties = recorded.properties;
    this.exchange = recorded.exchange;
    this.routingKey = recorded.routingKey;
    this.redelivered = recorded.redelivered;
    this.origin = recorded.origin;
  }

  get size(): number {
    return this.body.length;
  }

  get live(): boolean {
    return this.recorded.live;
  }

  acknowledge(): boolean {
    return this.recorded.acknowledge();
  }

  deadLetter(why: Rejection): boolean {
    return this.recorded.deadLetter(why);
  }
}
