/** A message that a channel delivered, and what can be done with it. */
import type { MessageProperties } from 'amqplib';
import type { Delivery, Origin, Rejection } from '../contracts.js';
import { TrackedDelivery } from './ack-tracker.js';
import type { AmqpMessage } from './amqp-channel.js';
import type { BodyArena, Shelf, Stored } from './body-arena.js';
import { deliveriesBefore, type Provenance, provenanceOf } from './provenance.js';
import { isShardExchange } from './shard-names.js';

/** What a delivery was received by. */
export interface DeliveryOwner {
  acknowledge(delivery: RabbitDelivery): boolean;
  deadLetter(delivery: RabbitDelivery, why: Rejection): boolean;
  /** Takes it from the handler, who is told that it comes again, while it is copied. @returns whether it was live. */
  beginRequeue(delivery: RabbitDelivery): boolean;
  /** A copy of it is safe in another queue: it is acknowledged. Does nothing once the channel is gone. */
  onCopied(delivery: RabbitDelivery): void;
  /** It could not be copied: the handler gets it again as a fresh delivery. Does nothing once the channel is gone. */
  onNotCopied(delivery: RabbitDelivery): void;
}

/** What the broker says of a message, but for its tag. */
interface Markings {
  readonly exchange: string;
  readonly routingKey: string;
  readonly redelivered: boolean;
  readonly properties: MessageProperties;
  /** The queue that it was consumed from. */
  readonly queue: string;
}

/**
 * One message after the other says the same of itself: what lives as long as it is open is shared between those that
 * do. That is half a kilobyte of each.
 */
let lastMarkings: Markings | undefined;

function markingsOf(message: AmqpMessage, queue: string): Markings {
  const { fields } = message;
  const properties = message.properties as MessageProperties;
  const { exchange, routingKey, redelivered } = fields;
  const last = lastMarkings;
  if (
    last !== undefined &&
    exchange === last.exchange &&
    routingKey === last.routingKey &&
    redelivered === last.redelivered &&
    queue === last.queue &&
    (properties === last.properties || areSame(properties, last.properties))
  )
    return last;
  const markings = { exchange, routingKey, redelivered, properties, queue };
  if (isEmpty(properties.headers)) {
    Object.freeze(properties);
    lastMarkings = markings;
  }
  return markings;
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

const NOTHING = Buffer.alloc(0);

export class RabbitDelivery extends TrackedDelivery implements Delivery, Stored {
  readonly size: number;
  readonly #markings: Markings;
  /** amqplib's window on what the socket read. Most who ask for the body ask at once, before it is put on its shelf. */
  #window: Buffer | undefined;
  #shelf: Shelf | undefined;
  #begin = 0;
  /** Whether the body stays when the delivery has left its shelf. */
  #keepsBody = false;

  /**
   * @param message amqplib's.
   * @param queue the one it was consumed from.
   * @param since when the channel handed the message out, monotonic milliseconds.
   */
  constructor(
    readonly owner: DeliveryOwner,
    readonly origin: Origin,
    message: AmqpMessage,
    queue: string,
    readonly since: number,
    private readonly isAgain = false,
  ) {
    super(message.fields.deliveryTag);
    const { content } = message;
    this.size = content.length;
    this.#markings = markingsOf(message, queue);
    this.#window = content;
  }

  get body(): Buffer {
    return this.#window ?? this.#shelf?.body(this.#begin, this.size) ?? NOTHING;
  }

  get shelf(): Shelf | undefined {
    return this.#shelf;
  }

  putOn(shelf: Shelf, begin: number): void {
    if (!this.#keepsBody) this.#window = undefined;
    this.#shelf = shelf;
    this.#begin = begin;
  }

  get properties(): MessageProperties {
    return this.#markings.properties;
  }

  get redelivered(): boolean {
    const { redelivered, exchange, queue } = this.#markings;
    if (this.isAgain || redelivered) return true;
    // A parked copy stands for a message that was given out before; one that came by way of a shard's exchange does not.
    return this.from.queue !== queue && !isShardExchange(exchange);
  }

  get from(): Provenance {
    const { properties, queue } = this.#markings;
    return provenanceOf({ fields: this.#markings, properties }, queue);
  }

  get exchange(): string {
    return this.from.exchange;
  }

  get routingKey(): string {
    return this.from.routingKey;
  }

  /** How often a quorum queue gave it out before. */
  get deliveriesBefore(): number {
    return deliveriesBefore(this.properties.headers);
  }

  acknowledge(): boolean {
    return this.owner.acknowledge(this);
  }

  deadLetter(why: Rejection): boolean {
    return this.owner.deadLetter(this, why);
  }

  /** It was handed over: from now on its body is asked for seldom, or never once it is acknowledged. */
  rest(arena: BodyArena): void {
    if (this.#keepsBody) return;
    if (this.held) arena.keep(this);
    else this.#window = undefined;
  }

  /** It will never be a span: whoever is told of that may want to see it, for as long as he holds it. */
  keepBody(): void {
    if (this.#keepsBody) return;
    // Not what the socket read, with all that came beside it.
    this.#window = Buffer.from(this.body);
    this.#keepsBody = true;
  }

  /** @internal */
  override onRemoved(): void {
    this.#shelf?.remove();
    this.#shelf = undefined;
  }

  /** The same message once more, as old as this one. */
  again(): RabbitDelivery {
    const { tag: deliveryTag, body: content } = this;
    const { properties, queue, ...fields } = this.#markings;
    const message = { fields: { ...fields, deliveryTag }, properties, content };
    return new RabbitDelivery(this.owner, this.origin, message, queue, this.since, true);
  }
}
