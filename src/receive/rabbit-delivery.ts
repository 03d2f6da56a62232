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

type Fields = Pick<ConsumeMessage['fields'], 'exchange' | 'routingKey' | 'redelivered'>;

/**
 * One message after the other says the same of itself, but for its tag and body: what lives as long as it is open is
 * shared between those that do. That is half a kilobyte of each.
 */
let lastFields: Fields = { exchange: '', routingKey: '', redelivered: false };
let lastProperties: MessageProperties | undefined;

function sharedFields({ exchange, routingKey, redelivered }: Fields): Fields {
  const isSame =
    exchange === lastFields.exchange &&
    routingKey === lastFields.routingKey &&
    redelivered === lastFields.redelivered;
  if (!isSame) lastFields = { exchange, routingKey, redelivered };
  return lastFields;
}

function sharedProperties(properties: MessageProperties): MessageProperties {
  if (lastProperties !== undefined && areSame(properties, lastProperties)) return lastProperties;
  if (!isEmpty(properties.headers)) return properties;
  lastProperties = Object.freeze(properties);
  return lastProperties;
}

/** Name by name: a loop over the names takes ten times as long. */
function areSame(one: MessageProperties, other: MessageProperties): boolean {
  return (
    one.contentType === other.contentType &&
    one.contentEncoding === other.contentEncoding &&
    one.deliveryMode === other.deliveryMode &&
    one.priority === other.priority &&
    one.correlationId === other.correlationId &&
    one.replyTo === other.replyTo &&
    one.expiration === other.expiration &&
    one.messageId === other.messageId &&
    one.timestamp === other.timestamp &&
    one.type === other.type &&
    one.userId === other.userId &&
    one.appId === other.appId &&
    one.clusterId === other.clusterId &&
    isEmpty(one.headers) &&
    isEmpty(other.headers)
  );
}

function isEmpty(headers: object | undefined): boolean {
  for (const _name in headers) return false;
  return true;
}

/** What a channel handed out: amqplib's message, of which is looked at what is asked for. */
export class HandedOut {
  readonly tag: number;
  readonly properties: MessageProperties;
  readonly #fields: Fields;
  #body: Buffer;
  #isOwnBody = false;

  /** @param queue - the one it was consumed from. */
  constructor(
    { fields, properties, content }: Pick<ConsumeMessage, 'fields' | 'properties' | 'content'>,
    private readonly queue: string,
  ) {
    this.tag = fields.deliveryTag;
    this.properties = sharedProperties(properties);
    this.#fields = sharedFields(fields);
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

  /** Gives it a body of its own: amqplib's is a window on the chunk that the socket read; see sparse-bodies.ts. */
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
