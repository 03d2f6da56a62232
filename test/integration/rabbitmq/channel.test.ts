/** A bridge on a channel of the program's own, with a real broker. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { type Channel, type ChannelModel, connect } from 'amqplib';
import {
  BridgeError,
  ChannelReceiver,
  type ChannelReceiverOptions,
  createBridge,
  type LibraryBridge,
  type OpenChannel,
  type SendSpans,
} from '../../../src/index.js';
import { body } from '../../support/notifications.js';
import { broker, eventually, type TestVhost } from '../../support/rabbitmq.js';

const QUEUE = 'profiler.info';
const START = body();
const STOP = body({ name: 'work-stop' });

describe("a receiver on the program's own channel", () => {
  let vhost: TestVhost;
  let connection: ChannelModel;
  let channel: Channel;
  let spans: ReadableSpan[];
  const bridges: LibraryBridge[] = [];

  beforeEach(async () => {
    vhost = await broker().createVhost();
    connection = await connect(broker().url(vhost.name));
    channel = await connection.createChannel();
    await channel.assertQueue(QUEUE, { deadLetterExchange: '', deadLetterRoutingKey: 'dead' });
    await channel.assertQueue('dead');
    spans = [];
  });
  afterEach(async () => {
    for (const bridge of bridges.splice(0)) await bridge.close();
    await connection.close().catch(() => undefined);
    await vhost.remove();
  });

  const start = (
    options: Partial<ChannelReceiverOptions> = {},
    sink: SendSpans = (batch) => void spans.push(...batch),
  ) => {
    const bridge = createBridge({
      receiver: new ChannelReceiver({ channel, ...options }),
      sink,
      batch: { delayMs: 1 },
    });
    bridges.push(bridge);
    return { bridge, running: bridge.run() };
  };
  /** How often the program's socket is written to. */
  const countWrites = () => {
    const { stream } = connection.connection as unknown as { stream: Writable };
    const seen = { writes: 0 };
    for (const how of ['_write', '_writev'] as const) {
      const original = (stream[how] as (...args: unknown[]) => void).bind(stream);
      stream[how] = (...args: unknown[]) => {
        seen.writes++;
        original(...args);
      };
    }
    return seen;
  };
  /** What is left in a queue, seen over another connection. */
  const left = (queue: string, count: number) =>
    vhost.withChannel((other) =>
      eventually(async () => (await other.checkQueue(queue)).messageCount === count),
    );

  it('settles what it was given, and none of what others consume on that channel', async () => {
    await channel.assertQueue('theirs');
    const theirs: Parameters<Channel['ack']>[0][] = [];
    await channel.consume('theirs', (message) => void (message && theirs.push(message)));
    channel.sendToQueue('theirs', Buffer.from('mine'));
    await eventually(() => theirs.length === 1);
    const { bridge, running } = start();
    for (const message of [START, STOP]) channel.sendToQueue(QUEUE, message);
    await eventually(() => bridge.unacknowledged === 0 && spans.length === 1);
    assert.equal(await bridge.close(), true);
    await running;
    // Had it been acknowledged with ours, this would be the second time, which closes the channel.
    channel.ack(theirs[0]!);
    assert.equal((await channel.checkQueue('theirs')).messageCount, 0);
    await left(QUEUE, 0);
  });

  it('gives back what is open when it is closed, and leaves the channel open', async () => {
    const first = start();
    channel.sendToQueue(QUEUE, START);
    await eventually(() => first.bridge.openPoints === 1);
    await first.bridge.close();
    await first.running;
    await left(QUEUE, 1);

    const second = start();
    channel.sendToQueue(QUEUE, STOP);
    await eventually(() => spans.length === 1 && second.bridge.unacknowledged === 0);
    assert.equal(spans[0]?.attributes['osprofiler.incomplete'], undefined);
  });

  it('acknowledges what is settled together in one write', async () => {
    const { bridge } = start();
    const publish = (half: string) =>
      vhost.withChannel(async (other) => {
        for (let point = 0; point < 200; point++)
          other.sendToQueue(QUEUE, body({ name: `work-${half}`, trace_id: `point ${point}` }));
      });
    await publish('start');
    await eventually(() => bridge.openPoints === 200);
    const seen = countWrites();
    await publish('stop');
    await eventually(() => spans.length === 200 && bridge.unacknowledged === 0);
    await left(QUEUE, 0);
    // 400 acknowledgements, of which none may settle any other; at least the two of a span are settled together.
    assert.ok(seen.writes > 0 && seen.writes <= 210, `${seen.writes} writes`);
  });

  it('rejects what can never become a span, for the dead-letter policy of the queue', async () => {
    const { bridge } = start();
    channel.sendToQueue(QUEUE, Buffer.from('no JSON'));
    await left('dead', 1);
    assert.equal(bridge.counts.rejected.get('not-json'), 1);
  });

  it('gives back what stays open for long, and takes it again', async () => {
    const { bridge } = start({ requeueAfterMs: 20 });
    channel.sendToQueue(QUEUE, START);
    await eventually(() => bridge.counts.returned >= 3);
    assert.equal(bridge.openPoints, 1);
    channel.sendToQueue(QUEUE, STOP);
    // A half that is on its way round when its span is taken comes back as a duplicate, and both are settled as that.
    const { counts } = bridge;
    await eventually(() => counts.exported + counts.duplicate === 2 && bridge.unacknowledged === 0);
    assert.deepEqual([spans.length, counts.spans, counts.incompleteSpans], [1, 1, 0]);
  });

  it('lets stops in though starts fill its prefetch, when that is above what the bridge holds open', async () => {
    const { bridge } = start({ prefetch: 2 });
    for (const message of [START, STOP]) channel.sendToQueue(QUEUE, message);
    await eventually(() => spans.length === 1);
    assert.equal(bridge.counts.spans, 1);
  });

  describe('that a function opens', () => {
    /** Why each of the channels was asked for. */
    let asked: (BridgeError | undefined)[];
    beforeEach(() => {
      asked = [];
    });
    const open: OpenChannel = async (lost) => {
      channel = await connection.createChannel();
      channel.on('error', () => undefined);
      asked.push(lost);
      return channel;
    };
    const send = (...bodies: Buffer[]) =>
      vhost.withChannel(async (other) => {
        for (const each of bodies) other.sendToQueue(QUEUE, each);
      });

    it('goes on over another one when it closes, with the halves that were open', async () => {
      const { bridge, running } = start({ channel: open });
      await send(START);
      await eventually(() => bridge.openPoints === 1);
      await channel.close();
      await send(STOP);
      await eventually(() => spans.length === 1 && bridge.unacknowledged === 0);
      assert.equal(spans[0]?.attributes['osprofiler.incomplete'], undefined);
      assert.deepEqual([asked[0], asked.length, isUnusable(asked[1])], [undefined, 2, true]);
      assert.deepEqual([bridge.counts.returned, bridge.counts.exported], [1, 2]);
      await bridge.close();
      await running;
      await left(QUEUE, 0);
    });

    it('makes no span again that was on its way when it closed', async () => {
      let take: () => void = () => undefined;
      const taken = new Promise<void>((resolve) => {
        take = resolve;
      });
      const { bridge } = start({ channel: open }, async (batch) => {
        spans.push(...batch);
        await taken;
      });
      await send(START, STOP);
      await eventually(() => spans.length === 1);
      await channel.close();
      await eventually(() => bridge.counts.received === 4);
      take();
      await eventually(() => bridge.unacknowledged === 0);
      await left(QUEUE, 0);
      assert.equal(spans.length, 1);
    });

    it('waits for a queue that is gone or was never there', async () => {
      await channel.deleteQueue(QUEUE);
      const { bridge } = start({ channel: open });
      await eventually(() => asked.length >= 3);
      await vhost.withChannel((other) => other.assertQueue(QUEUE));
      await send(START);
      await eventually(() => bridge.openPoints === 1);
      // The broker cancels the consumer, and the channel stays open.
      await vhost.withChannel((other) => other.deleteQueue(QUEUE));
      await eventually(() => bridge.counts.returned === 1);
      await vhost.withChannel((other) => other.assertQueue(QUEUE));
      await send(START, STOP);
      await eventually(() => spans.length === 1 && bridge.unacknowledged === 0);
    });

    it('ends with the reason when there is no other one', async () => {
      const gone = new Error('the broker is being replaced');
      const { bridge, running } = start({
        channel: (lost, signal) => (lost === undefined ? open(lost, signal) : Promise.reject(gone)),
      });
      const ended = assert.rejects(
        running,
        (error) => isUnusable(error) && /is being replaced/.test(String(error)),
      );
      await eventually(() => asked.length === 1);
      await channel.close();
      await ended;
      assert.equal(await bridge.close(), true);
    });

    it('is not waited for when the bridge is closed', async () => {
      const { bridge, running } = start({
        channel: async (_lost, signal) => {
          await once(signal, 'abort');
          throw new Error('nobody waits any more');
        },
      });
      assert.equal(await bridge.close(), true);
      await running;
    });
  });

  it('ends with an error when the channel closes, the queue goes or was never there', async () => {
    const { bridge, running } = start();
    channel.sendToQueue(QUEUE, START);
    await eventually(() => bridge.openPoints === 1);
    const ended = assert.rejects(running, isUnusable);
    await channel.close();
    await ended;
    assert.deepEqual([bridge.openPoints, bridge.counts.returned], [0, 1]);
    await left(QUEUE, 1);

    channel = await connection.createChannel();
    const cancelled = start();
    channel.on('error', () => undefined);
    await eventually(() => cancelled.bridge.openPoints === 1);
    const ends = assert.rejects(cancelled.running, isUnusable);
    await vhost.withChannel((other) => other.deleteQueue(QUEUE));
    await ends;
    await assert.rejects(start({ queue: 'nowhere' }).running, isUnusable);
  });
});

function isUnusable(error: unknown): boolean {
  return error instanceof BridgeError && error.code === 'BROKER_UNUSABLE';
}
