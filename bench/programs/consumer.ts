/**
 * What a drain is compared with: amqplib and nothing else. Parses nothing, acknowledges every 200 messages in one frame.
 * Arguments: the URL, the queue, the prefetch, how many messages to take.
 */
import { connect, type Message } from 'amqplib';

const ACKNOWLEDGE_EVERY = 200;

const [url = '', queue = '', prefetch = '', expected = ''] = process.argv.slice(2);
const connection = await connect(url);
const channel = await connection.createChannel();
let received = 0;
let last: Message | undefined;
await channel.prefetch(Number(prefetch));
process.send?.({ kind: 'ready' });
await channel.consume(queue, (message) => {
  if (message === null) return;
  last = message;
  if (++received % ACKNOWLEDGE_EVERY === 0) channel.ack(message, true);
  if (received === Number(expected)) finish();
});
process.once('SIGTERM', async () => {
  await channel.close();
  await connection.close();
  process.exit(0);
});

function finish(): void {
  if (last !== undefined && received % ACKNOWLEDGE_EVERY !== 0) channel.ack(last, true);
  process.send?.({ kind: 'done' });
}
