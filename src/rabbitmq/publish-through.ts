/** Messages through somebody else's exchange, to see where it leads. */
import type { BrokerConnection } from './connection.js';
import { codeOf } from './hints.js';

/**
 * - `routed`: to at least one queue.
 * - `unbound`: to none; the broker gave it back.
 * - `unknown`: this user may not publish there.
 */
export type Led = 'routed' | 'unbound' | 'unknown';

/** Publishes the bodies as oslo.messaging does. Rejects when the connection is lost. */
export async function publishThrough(
  connection: BrokerConnection,
  exchange: string,
  routingKey: string,
  bodies: readonly Buffer[],
): Promise<Led> {
  const channel = await connection.createConfirmChannel();
  let isReturned = false;
  channel.on('return', () => {
    isReturned = true;
  });
  const properties = { contentType: 'application/json', contentEncoding: 'utf-8', persistent: true };
  let refusal: unknown;
  channel.on('error', (error: unknown) => {
    refusal ??= error;
  });
  try {
    for (const body of bodies)
      channel.publish(exchange, routingKey, body, { ...properties, mandatory: true });
    await channel.waitForConfirms();
    return isReturned ? 'unbound' : 'routed';
  } catch (error) {
    // amqplib tells whoever waits for confirmations only that the channel is gone.
    if (codeOf(refusal ?? error) === '403') return 'unknown';
    throw error;
  } finally {
    channel.close().catch(() => undefined);
  }
}
