/** Many servers booted at once: the recorded boot over and over, each time as a trace of its own. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Channel } from 'amqplib';
import { recordedBoot } from '../../src/cli/demo/recorded-boot.js';

const RECORDED_BASE_ID = 'b9297a15-d298-4959-9755-e986eb9276d5';
const EXCHANGE = 'nova';
const QUEUE = 'profiler.info';
/** Notifications by which each boot is behind the one before. */
const STAGGER = 150;

export function recordedText(): string {
  return gunzipSync(readFileSync(recordedBoot())).toString('utf8');
}

/** The `base_id` of a boot. @param boot from 0 */
export function baseIdOf(boot: number): string {
  const number = (boot + 1).toString(16).padStart(4, '0');
  return `b007${number}-d298-4959-9755-e986eb92${number}`;
}

/** The bodies of the recorded notifications, in order. */
export function recordedBodies(): string[] {
  const lines = recordedText().trim().split('\n');
  return lines.map((line) => (JSON.parse(line) as { body: string }).body);
}

/** What OpenStack's services declare before they notify. */
export async function declareQueue(channel: Channel): Promise<void> {
  await channel.assertExchange(EXCHANGE, 'topic', { durable: false });
  await channel.assertQueue(QUEUE, { durable: false });
  await channel.bindQueue(QUEUE, EXCHANGE, 'profiler.info');
}

/**
 * Publishes the boots, interleaved, as fast as the broker takes them.
 * @param pace called after each round of one notification a boot, so that a caller can slow it down
 * @returns how many notifications that was
 */
export async function publishBoots(
  channel: Channel,
  count: number,
  pace: (round: number) => Promise<void> | void = () => {},
): Promise<number> {
  const bodies = recordedBodies();
  let published = 0;
  for (let round = 0; round < bodies.length + (count - 1) * STAGGER; round++) {
    for (let boot = 0; boot < count; boot++) {
      const body = bodies[round - boot * STAGGER];
      if (body === undefined) continue;
      published++;
      const content = Buffer.from(body.replaceAll(RECORDED_BASE_ID, baseIdOf(boot)));
      if (!channel.publish(EXCHANGE, 'profiler.info', content)) {
        await new Promise((resolve) => channel.once('drain', resolve));
      }
    }
    await pace(round);
  }
  return published;
}

/** Notifications that were recorded, as they would be sent from now on. */
interface Due {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly body: string;
}

/** Publishes recordings as if they happened now, at their own pace, each some time after the one before. */
export async function publishLive(
  channel: Channel,
  recordings: readonly (readonly string[])[],
  staggerMs: number,
): Promise<void> {
  const begin = Date.now();
  const due = recordings.flatMap((bodies, index) => moved(bodies, begin + index * staggerMs));
  for (const { at, body } of due.sort((a, b) => a.at - b.at)) {
    const early = at - Date.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    channel.publish(EXCHANGE, 'profiler.info', Buffer.from(body));
  }
}

/** @param begin of the first one, milliseconds since the Unix epoch */
function moved(bodies: readonly string[], begin: number): Due[] {
  const times = bodies.map((body) => TIMESTAMP.exec(body)?.[1] ?? '');
  const first = [...times].sort()[0];
  return bodies.map((body, index) => {
    const at = begin + Date.parse(`${times[index]}Z`) - Date.parse(`${first}Z`);
    const time = `${new Date(at).toISOString().slice(0, 23)}${times[index]!.slice(23)}`;
    return { at, body: body.replace(TIMESTAMP, `"timestamp": "${time}"`) };
  });
}

/** The payload's own, which is the first one with a T. */
const TIMESTAMP = /"timestamp": "(\d{4}-\d\d-\d\dT[\d:.]+)"/;
