/** The frames that end a delivery, on a channel of amqplib's. */

import type { Acknowledger } from './ack-tracker.js';
import type { AmqpChannel, AmqpMessage } from './amqp-channel.js';

export function acknowledgerOf(channel: Pick<AmqpChannel, 'ack' | 'nack'>): Acknowledger {
  return {
    ack: (tag, multiple) => channel.ack(messageWith(tag), multiple),
    reject: (tag) => channel.nack(messageWith(tag), false, false),
  };
}

/** amqplib asks for a message and reads its tag only; the message itself is long let go. */
export function messageWith(deliveryTag: number): AmqpMessage {
  return { fields: { deliveryTag } } as unknown as AmqpMessage;
}
