import type { Channel, Message } from 'amqplib';

/** Takes everything out of a queue by consuming it: quorum queues with a single active consumer allow no other way. */
export async function emptied(channel: Channel, queue: string): Promise<Message[]> {
  const { messageCount } = await channel.checkQueue(queue);
  const messages: Message[] = [];
  if (messageCount === 0) return messages;
  await new Promise<void>((resolve) => {
    void channel.consume(queue, (message) => {
      if (message !== null) messages.push(message);
      if (messages.length === messageCount) resolve();
    });
  });
  for (const message of messages) channel.ack(message);
  return messages;
}
