/**
 * Whether the user may do what the bridge will do, asked without doing it: each question is one that the broker answers
 * with 403 when a permission is missing, and otherwise with another refusal, or with something that leaves no trace.
 * RabbitMQ looks at permissions before arguments (rabbitmq-server, `rabbit_channel.erl`; seen on 3.10 and 4.0).
 */
import { randomUUID } from 'node:crypto';
import type { BrokerConnection } from './connection.js';
import { codeOf } from './hints.js';

/** Rejects with the broker's 403. A queue that is not there may be consumed as soon as it is. */
export async function checkMayConsume(connection: BrokerConnection, queue: string): Promise<void> {
  // A priority that is none is refused before any message is handed out.
  const consume = connection.onThrowawayChannel((channel) =>
    channel.consume(queue, () => undefined, { arguments: { 'x-priority': 'none' } }),
  );
  await unlessOtherwiseRefused(consume, ['404', '406']);
}

/** For a queue of ours, there or not. Rejects with the broker's 403. */
export async function checkMayDeclare(connection: BrokerConnection, queue: string): Promise<void> {
  // A negative length is refused whether or not there is such a queue; were it not, the queue would go with us.
  const declare = connection.onThrowawayChannel((channel) =>
    channel.assertQueue(queue, { exclusive: true, autoDelete: true, arguments: { 'x-max-length': -1 } }),
  );
  await unlessOtherwiseRefused(declare, ['405', '406']);
}

/** To queues by name, over the default exchange. Rejects with the broker's 403. */
export async function checkMayPublish(connection: BrokerConnection): Promise<void> {
  const channel = await connection.createConfirmChannel();
  const refused = new Promise<never>((_, reject) => {
    channel.once('error', reject);
    channel.once('close', () => reject(new Error('Unexpected close')));
  });
  refused.catch(() => undefined);
  // No queue has this name, so that the message is confirmed and gone.
  channel.publish('', `osprofiler-otel-bridge.doctor.${randomUUID()}`, Buffer.alloc(0));
  await Promise.race([channel.waitForConfirms(), refused]).catch(() => refused);
  await channel.close();
}

/** A queue of ours to an exchange. Rejects with the broker's 403 for the queue; of the exchange nothing is learned. */
export async function checkMayBind(connection: BrokerConnection, queue: string): Promise<void> {
  const nowhere = `osprofiler-otel-bridge.doctor.${randomUUID()}`;
  const bind = connection.onThrowawayChannel((channel) => channel.bindQueue(queue, nowhere, nowhere));
  try {
    await unlessOtherwiseRefused(bind, ['404']);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes('access to exchange')) throw error;
  }
}

/** The option in which a queue of ours differs from what the bridge would declare; undefined when it is the same. */
export async function differenceOf(
  connection: BrokerConnection,
  queue: string,
): Promise<{ readonly option: string; readonly current: string } | undefined> {
  try {
    await connection.onThrowawayChannel((channel) => channel.assertQueue(queue, { durable: true }));
    return undefined;
  } catch (error) {
    const said = error instanceof Error ? error.message : '';
    const [, option, current] = /inequivalent arg '([^']+)' for .* but current is (.+?)"?$/.exec(said) ?? [];
    if (codeOf(error) !== '406' || option === undefined) throw error;
    return { option, current: (current ?? '').replaceAll("'", '') };
  }
}

async function unlessOtherwiseRefused(operation: Promise<unknown>, codes: readonly string[]): Promise<void> {
  try {
    await operation;
  } catch (error) {
    if (!codes.includes(codeOf(error))) throw error;
  }
}
