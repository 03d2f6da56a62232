import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { GetMessage } from 'amqplib';
import type { Delivery } from '../../../src/contracts.js';
import { broker, eventually, type TestVhost } from '../../support/rabbitmq.js';
import { leftIn, publish, start, untilConsuming } from './support.js';

const QUEUE = 'osprofiler-otel-bridge.dead-letters';
const REASON = { reason: 'not-json', detail: 'unexpected end' };

const reject = (delivery: Delivery): void => void delivery.deadLetter(REASON);

describe('dead-lettered messages', { timeout: 120_000 }, () => {
  let vhost: TestVhost;
  before(async () => {
    vhost = await broker().createVhost();
  });
  beforeEach(() =>
    vhost.withChannel(async (channel) => {
      for (const queue of [QUEUE, 'profiler.info']) await channel.deleteQueue(queue);
    }),
  );
  after(() => vhost.remove());

  it('land in the dead-letter queue with reason and body as they were, and the original is gone', async (test) => {
    await vhost.withChannel(async (channel) => {
      await channel.assertExchange('nova', 'topic', { durable: false });
      await channel.assertQueue('profiler.info', { durable: false });
      await channel.bindQueue('profiler.info', 'nova', 'profiler.info');
      channel.publish('nova', 'profiler.info', Buffer.from([0, 255, 128, 123]), {
        contentType: 'application/json',
        contentEncoding: 'utf-8',
        headers: { compression: 'application/x-gzip', CC: ['elsewhere'] },
      });
    });
    const running = start(test, vhost, {}, reject);
    await eventually(() => running.receiver.status().deadLettered === 1);
    const { unacknowledged, heldDeadLetters } = running.receiver.status();
    assert.deepEqual([unacknowledged, heldDeadLetters], [0, 0]);
    await running.receiver.close();
    assert.equal(await leftIn(vhost), 0);
    const [letter] = await takeAll(vhost);
    assert.deepEqual([...letter!.content], [0, 255, 128, 123]);
    assert.deepEqual(
      [letter!.properties.contentType, letter!.properties.contentEncoding, letter!.properties.deliveryMode],
      ['application/json', 'utf-8', 2],
    );
    assert.deepEqual(
      { ...letter!.properties.headers },
      {
        compression: 'application/x-gzip',
        'x-osprofiler-bridge-reason': 'not-json',
        'x-osprofiler-bridge-detail': 'unexpected end',
        'x-osprofiler-bridge-exchange': 'nova',
        'x-osprofiler-bridge-routing-key': 'profiler.info',
        'x-osprofiler-bridge-queue': 'profiler.info',
      },
    );
  });

  it('are held while the queue is full, and written when there is room', async (test) => {
    await publish(vhost, ['one', 'two', 'three', 'good']);
    const running = start(test, vhost, { deadLetters: { maxLength: 1 } }, (delivery) => {
      if (delivery.body.toString() !== 'good') reject(delivery);
    });
    // A classic queue lets in as much as it has credit for before it refuses, so that more than its bound may be in it.
    await eventually(() => running.receiver.status().heldDeadLetters > 0);
    assert.match(running.log.text, /held, unacknowledged: the queue .* takes no more: it is full/);
    assert.equal(running.log.lines.filter(({ level }) => level === 'error').length, 1, 'said once');
    assert.equal(running.handler.deliveries[3]!.acknowledge(), true, 'the others go on');
    const written = new Set<string>();
    await eventually(async () => {
      for (const letter of await takeAll(vhost)) written.add(letter.content.toString());
      return written.size === 3;
    });
    await eventually(() => running.receiver.status().deadLettered === 3);
    await running.receiver.close();
    assert.equal(await leftIn(vhost), 0);
  });

  it('are written when the queue is deleted meanwhile: it is declared again', async (test) => {
    await publish(vhost, ['one']);
    const running = start(test, vhost, {}, reject);
    await eventually(() => running.receiver.status().deadLettered === 1);
    await vhost.withChannel((channel) => channel.deleteQueue(QUEUE));
    await publish(vhost, ['two']);
    await eventually(() => running.receiver.status().deadLettered === 2);
    assert.deepEqual(
      (await takeAll(vhost)).map(({ content }) => content.toString()),
      ['two'],
    );
  });

  it('are given out again when the connection is lost before they are written', async (test) => {
    const user = await vhost.createUser({ configure: '.*', write: '^profiler', read: '.*' });
    await publish(vhost, ['poison']);
    const running = start(test, vhost, { address: vhost.address(user) }, reject);
    await eventually(() => running.receiver.status().heldDeadLetters === 1);
    assert.match(running.log.text, /grant write on .*amq.*default/);
    assert.equal(running.receiver.unacknowledged, 0, 'they are not the handler any more');
    await vhost.closeBridgeConnections();
    await eventually(() => running.handler.deliveries.length === 2);
    assert.equal(running.handler.deliveries[1]!.redelivered, true);
    await broker().management('PUT', `permissions/${vhost.name}/${user.username}`, {
      configure: '.*',
      write: '.*',
      read: '.*',
    });
    await eventually(() => running.receiver.status().deadLettered === 1);
    await running.receiver.close();
    assert.equal(await leftIn(vhost), 0);
    assert.equal((await takeAll(vhost)).length, 1);
  });

  it('are returned when a bridge is closed that could not write them', async (test) => {
    const user = await vhost.createUser({ configure: '.*', write: '^profiler', read: '.*' });
    await publish(vhost, ['poison']);
    const running = start(test, vhost, { address: vhost.address(user) }, reject);
    await eventually(() => running.receiver.status().heldDeadLetters === 1);
    await running.receiver.close();
    assert.equal(await leftIn(vhost), 1);
  });

  it('are discarded when that is wanted', async (test) => {
    await publish(vhost, ['poison']);
    const running = start(test, vhost, { deadLetters: false }, reject);
    await eventually(() => running.handler.deliveries.length === 1);
    await running.receiver.close();
    assert.equal(await leftIn(vhost), 0);
    assert.deepEqual(await takeAll(vhost), []);
  });

  it('hold nothing else up: thousands of them and of others', async (test) => {
    const bodies = Array.from({ length: 4_000 }, (_, index) => String(index));
    await publish(vhost, bodies);
    const running = start(test, vhost, { prefetch: 500 }, (delivery) => {
      if (Number(delivery.body.toString()) % 2 === 0) delivery.acknowledge();
      else delivery.deadLetter(REASON);
    });
    await untilConsuming(running);
    await eventually(() => running.receiver.status().deadLettered === 2_000);
    await running.receiver.close();
    assert.equal(await leftIn(vhost), 0);
    const odd = bodies.filter((body) => Number(body) % 2 === 1);
    assert.deepEqual(
      (await takeAll(vhost)).map(({ content }) => content.toString()),
      odd,
    );
  });
});

/** Everything in the dead-letter queue, which is then empty. */
function takeAll(vhost: TestVhost): Promise<GetMessage[]> {
  return vhost.withChannel(async (channel) => {
    const messages: GetMessage[] = [];
    const present = await channel.checkQueue(QUEUE).catch(() => undefined);
    if (present === undefined) return messages;
    for (let message = await get(); message !== false; message = await get()) messages.push(message);
    return messages;

    function get(): Promise<GetMessage | false> {
      return channel.get(QUEUE, { noAck: true });
    }
  });
}
