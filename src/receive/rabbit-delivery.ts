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

/** What a channel handed out. */
export interface HandedOut {
  readonly tag: number;
  readonly body: Buffer;
  readonly properties: MessageProperties;
  readonly redelivered: boolean;
  readonly from: Provenance;
  /** How often a quorum queue gave it out before. */
  readonly deliveriesBefore: number;
}

/** @param queue - the one it was consumed from. */
export function handedOut({ content, fields, properties }: ConsumeMessage, queue: string): HandedOut {
  const from = provenanceOf({ fields, properties }, queue);
  return {
    tag: fields.deliveryTag,
    // amqplib's content is a window on the chunk that the socket read: a start that stays open for hours would keep
    // 64 KiB of its neighbours in memory.
    body: Buffer.from(content),
    properties,
    // A parked copy stands for a message that was given out before; one that came by way of a shard's exchange does not.
    redelivered: fields.redelivered || (from.queue !== queue && !isShardExchange(fields.exchange)),
    from,
    deliveriesBefore: deliveriesBefore(properties.headers),
  };
}

export class RabbitDelivery extends LedgerEntry implements Delivery {
  /** @param since - when the channel handed the message out, monotonic milliseconds. */
  constructor(
    readonly holder: Holder,
    readonly origin: Origin,
    readonly message: HandedOut,
    readonly since: number,
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
    return this.message.redelivered;
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
    const message = { ...this.message, redelivered: true };
    return new RabbitDelivery(this.holder, this.origin, message, this.since);
  }
}
