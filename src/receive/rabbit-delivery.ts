/** A message that a channel handed out, and what can be done with it. */
import type { ConsumeMessage, MessageProperties } from 'amqplib';
import type { Delivery, Origin, Settlement } from '../delivery.js';
import { LedgerEntry } from './ledger.js';
import { deliveriesBefore, type Provenance, provenanceOf } from './provenance.js';
import { isShardExchange } from './shard/layout.js';

/** The channel's side of a delivery. */
export interface Holder {
  settle(delivery: RabbitDelivery, how: Settlement): boolean;
  /** Takes it from the handler, who is told that it comes again. @returns whether it was live. */
  withdraw(delivery: RabbitDelivery): boolean;
  /** A copy of it is safe: it is acknowledged. Does nothing once the channel is gone. */
  release(delivery: RabbitDelivery): void;
  /** It comes again without having been away: a fresh delivery takes its place. Does nothing once the channel is gone. */
  handBack(delivery: RabbitDelivery): void;
}

/** What a channel handed out: amqplib's message, of which is looked at what is asked for. */
export class HandedOut {
  readonly tag: number;
  readonly properties: MessageProperties;
  readonly #fields: ConsumeMessage['fields'];
  #body: Buffer;
  #isOwnBody = false;

  /** @param queue - the one it was consumed from. */
  constructor(
    { fields, properties, content }: Pick<ConsumeMessage, 'fields' | 'properties' | 'content'>,
    private readonly queue: string,
  ) {
    this.tag = fields.deliveryTag;
    this.properties = properties;
    this.#fields = fields;
    this.#body = content;
  }

  get body(): Buffer {
    return this.#body;
  }

  get redelivered(): boolean {
    if (this.#fields.redelivered) return true;
    // A parked copy stands for a message that was given out before; one that came by way of a shard's exchange does not.
    return this.from.queue !== this.queue && !isShardExchange(this.#fields.exchange);
  }

  get from(): Provenance {
    return provenanceOf({ fields: this.#fields, properties: this.properties }, this.queue);
  }

  /** How often a quorum queue gave it out before. */
  get deliveriesBefore(): number {
    return deliveriesBefore(this.properties.headers);
  }

  /**
   * amqplib's content is a window on the chunk that the socket read: a start that stays open for hours would keep
   * 64 KiB of its neighbours in memory. Most messages are settled long before that matters.
   */
  keepBody(): void {
    if (this.#isOwnBody) return;
    this.#body = Buffer.from(this.#body);
    this.#isOwnBody = true;
  }
}

export class RabbitDelivery extends LedgerEntry implements Delivery {
  /** @param since - when the channel handed the message out, monotonic milliseconds. */
  constructor(
    readonly holder: Holder,
    readonly origin: Origin,
    readonly message: HandedOut,
    readonly since: number,
    private readonly isAgain = false,
  ) {
    super(message.tag);
  }

  get body(): Buffer {
    return this.message.body;
  }

  get properties(): MessageProperties {
    return this.message.properties;
  }

  get redelivered(): boolean {
    return this.isAgain || this.message.redelivered;
  }

  get exchange(): string {
    return this.message.from.exchange;
  }

  get routingKey(): string {
    return this.message.from.routingKey;
  }

  settle(how: Settlement): boolean {
    return this.holder.settle(this, how);
  }

  /** The same message once more, as old as this one. */
  again(): RabbitDelivery {
    return new RabbitDelivery(this.holder, this.origin, this.message, this.since, true);
  }
}
