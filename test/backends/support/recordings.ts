/** The recordings that are sent to backends, and the ways to send them. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { capturePath, type RecordedMessage, readRecords } from '../../support/captures.js';
import type { TestVhost } from '../../support/rabbitmq.js';

/** One `openstack server create`, SQL and all: 1,761 trace points of eight services on three hosts. */
export const BOOT = join(process.cwd(), 'recordings', 'nova-server-boot.ndjson.gz');
/** osprofiler ≥ 4.2 with `trace_requests`, Placement stopped: failed and unfinished points, CLIENT spans for HTTP. */
export const BOOT_PLACEMENT_DOWN = capturePath('t13-rec-nova-boot-placement-down');

export const PROTOCOLS = ['http/json', 'http/protobuf', 'grpc'] as const;
export type Protocol = (typeof PROTOCOLS)[number];
export const COMPRESSIONS = ['none', 'gzip'] as const;

const EXCHANGE = 'nova';
const QUEUE = 'profiler.info';

/** The messages of a recording, compressed or not. */
export function messagesOf(file: string): RecordedMessage[] {
  const bytes = readFileSync(file);
  return readRecords((file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'));
}

/** Publishes as oslo.messaging does: to a topic exchange of the service, with the queue bound to it by its name. */
export async function publish(vhost: TestVhost, messages: readonly RecordedMessage[]): Promise<void> {
  await vhost.withChannel(async (channel) => {
    await channel.assertExchange(EXCHANGE, 'topic', { durable: false });
    await channel.assertQueue(QUEUE, { durable: false });
    await channel.bindQueue(QUEUE, EXCHANGE, QUEUE);
    for (const { body, properties } of messages) {
      const { contentType = '', contentEncoding = '', headers = {} } = properties;
      channel.publish(EXCHANGE, QUEUE, body, { contentType, contentEncoding, headers });
    }
  });
}

/** Messages that wait in the queue, without those that the bridge holds. */
export async function waiting(vhost: TestVhost): Promise<number> {
  return vhost.withChannel(async (channel) => (await channel.checkQueue(QUEUE)).messageCount);
}
