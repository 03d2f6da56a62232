/**
 * What the parts and the bridge agree on. A receiver delivers messages; a sink sends spans and says what became of them;
 * the bridge acknowledges a delivery when its span is accepted. Receivers and sinks do not know each other.
 */
import type { OutgoingSpan, SpanEncoding } from './encoded-span.js';

/** What of a message's AMQP properties matters for reading its body. */
export interface MessageProperties {
  readonly contentType?: string | undefined;
  readonly contentEncoding?: string | undefined;
  /** AMQP headers as the broker gave them; kombu's `compression` is among them. */
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
}

/** Why a delivery can never become a span. */
export interface Rejection {
  /** A stable code from a closed list; see `RejectReason`. */
  readonly reason: string;
  /** For people; never quotes the body. */
  readonly detail: string;
}

/**
 * Where deliveries come from and go back to: a channel of a broker, or one reading of a recording. When an origin is
 * lost (the channel died), acknowledging its deliveries does nothing: the broker delivers them again.
 */
export interface Origin {
  /** For people: the queue and broker, or the file; never a credential. */
  readonly name: string;
}

/** A delivered message, which can be acknowledged or dead-lettered once. */
export interface Delivery {
  /** Once the delivery is accepted nothing may be left of it: then it is empty. */
  readonly body: Buffer;
  /** Bytes of the body, as it came. */
  readonly size: number;
  readonly properties: MessageProperties;
  readonly exchange: string;
  readonly routingKey: string;
  /** The broker says that it gave this message out before. */
  readonly redelivered: boolean;
  readonly origin: Origin;
  /** Whether the broker still waits for an answer: false once it has one, or once the origin is lost. */
  readonly live: boolean;
  /**
   * The backend has accepted its span, or there is nothing to keep of it: the broker may forget it.
   * Works once, and only while the delivery is live; afterwards does nothing. Never throws.
   * @returns whether this call ended the delivery.
   */
  acknowledge(): boolean;
  /** It can never become a span: it is moved to the dead letters. Works once, like {@link acknowledge}. */
  deadLetter(why: Rejection): boolean;
}

/** What a receiver tells the bridge. Handlers never throw and return at once. */
export interface ReceiverHandler {
  onDelivery(delivery: Delivery): void;
  /**
   * This delivery alone is void, while its origin lives: the receiver requeued the message, and delivers it again. What
   * was made of it may be kept for that.
   */
  onRequeued(delivery: Delivery): void;
  /**
   * The prefetch is used up: nothing more is delivered before something is acknowledged, so there is nothing to wait for.
   * Called after {@link onDelivery}, each time.
   */
  onFull?(): void;
  /**
   * The origin's deliveries are void, and whoever holds one may forget it. Called once for each
   * origin that handed something over.
   * @param unacknowledged how many of them had no answer yet: they will be redelivered.
   */
  onOriginLost(origin: Origin, unacknowledged: number): void;
}

/** The state of a receiver in words and facts, for logs, health and `doctor`. */
export type ReceiverState =
  | { readonly kind: 'connecting' }
  /** `isStandby`: for nothing but its turn, since another bridge consumes; that is as it should be. */
  | { readonly kind: 'waiting'; readonly reason: string; readonly isStandby?: boolean }
  | { readonly kind: 'consuming' }
  | { readonly kind: 'ended' };

/** A source of deliveries: a broker's queue, a recording, a channel of the caller's. */
export interface Receiver {
  readonly name: string;
  readonly state: ReceiverState;
  /** Deliveries that were handed over, have no answer yet, and are not void. */
  readonly unacknowledged: number;
  /**
   * Receives until the source ends (a recording) or {@link stop} is called, reconnecting on its own.
   * Resolves when no further delivery will be handed over.
   * Rejects only with a `BridgeError`, when going on is useless (a recording that cannot be read).
   */
  run(handler: ReceiverHandler): Promise<void>;
  /** No further deliveries; those already handed over can still be acknowledged. Idempotent. */
  stop(): Promise<void>;
  /** Sends the acknowledgements that are still held back, then closes the connection: other deliveries return. */
  close(): Promise<void>;
}

/**
 * What became of a batch, as a value.
 * - `accepted`: the backend has it. `refused` of its spans it would not store (OTLP's partial success): final, not retried.
 * - `retryable`: not accepted, and the same batch may be accepted later.
 * - `permanent`: this batch as it is will never be accepted.
 */
export type Outcome =
  | { readonly kind: 'accepted'; readonly refused?: number; readonly message?: string }
  | ({
      readonly kind: 'retryable';
      /** The shortest pause that the backend asks for. */
      readonly retryAfterMs?: number;
    } & Refusal)
  | ({ readonly kind: 'permanent' } & Refusal);

export interface Refusal {
  readonly reason: string;
  /** What to do about it, where more than waiting is called for. */
  readonly hint?: string;
  /**
   * What may be at fault other than the backend as a whole, so that a part of the batch may be accepted:
   * - `spans`: some of these spans, which the backend may never accept.
   * - `size`: the batch is too large; smaller ones may pass.
   * - `unknown`: one of these; the answer does not say.
   */
  readonly suspect?: 'spans' | 'size' | 'unknown';
}

/** Takes batches of spans. One interface for OTLP, the console, a library user's function and the wrappers round them. */
export interface Sink<Span extends OutgoingSpan = OutgoingSpan> {
  /** How spans are encoded for it. Absent: it takes spans as the mapping makes them. */
  readonly encoding?: SpanEncoding | undefined;
  /**
   * Asks whether the backend accepts requests at all, by one without spans. Never rejects. Absent: a permanent outcome of
   * this sink is about the spans in any case. Present: it may as well be about the backend or the settings.
   */
  readonly probe?: (() => Promise<Outcome>) | undefined;
  /** Never throws or rejects: failure is an outcome. */
  send(spans: readonly Span[]): Promise<Outcome>;
  close(): Promise<void>;
}

/** The few levels this project logs at; pino's loggers fit, and so does the caller's own. */
export interface Log {
  debug(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}
