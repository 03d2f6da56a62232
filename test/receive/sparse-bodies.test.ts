import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Holder, RabbitDelivery } from '../../src/receive/rabbit-delivery.js';
import { keepSparseBodies } from '../../src/receive/sparse-bodies.js';

const CHUNK = 64 * 1024;
const MESSAGES = 64;
const MESSAGE = CHUNK / MESSAGES;

/** Messages that lie one behind the other in one chunk, one each millisecond. */
function chunkOf(): RabbitDelivery[] {
  const chunk = Buffer.from(new ArrayBuffer(CHUNK));
  return Array.from({ length: MESSAGES }, (_none, index) => {
    const content = chunk.subarray(index * MESSAGE, (index + 1) * MESSAGE);
    content.fill(index);
    const fields = {
      deliveryTag: index + 1,
      redelivered: false,
      exchange: 'nova',
      routingKey: 'profiler.info',
    };
    const message = { content, fields, properties: {} } as unknown as ConstructorParameters<
      typeof RabbitDelivery
    >[2];
    return new RabbitDelivery({} as Holder, { name: 'test' }, message, 'profiler.info', index);
  });
}

const ownBodies = (all: readonly RabbitDelivery[]) =>
  all.filter(({ body }) => body.buffer.byteLength !== CHUNK).length;

describe('bodies of messages that stay open', () => {
  it('are copied when most of what came with them is settled, and stay the same', () => {
    const open = [3, 20, 41].map((index) => chunkOf()[index]!);
    const before = open.map(({ body }) => Buffer.from(body));
    for (const delivery of open) delivery.rest();
    assert.deepEqual(
      open.map(({ body }) => body),
      before,
    );
    keepSparseBodies(open, 1_000);
    assert.equal(ownBodies(open), 3);
    assert.deepEqual(
      open.map(({ body }) => body),
      before,
    );
  });

  it('stay where they are while most of what came with them is open', () => {
    const all = [...chunkOf(), ...chunkOf().slice(0, MESSAGES / 2)];
    keepSparseBodies(all, 1_000);
    assert.equal(ownBodies(all), 0);
  });

  it('are looked at chunk by chunk', () => {
    const sparse = chunkOf().slice(10, 12);
    const all = [...chunkOf(), ...sparse, ...chunkOf()];
    keepSparseBodies(all, 1_000);
    assert.equal(ownBodies(all), 2);
    assert.equal(ownBodies(sparse), 2);
  });

  it('are left alone while they are young', () => {
    const young = chunkOf().slice(50, 52);
    keepSparseBodies(young, 49);
    assert.equal(ownBodies(young), 0);
  });
});

describe('what one message after the other says of itself', () => {
  it('is shared as long as it is the same, and is each one’s own otherwise', () => {
    const handedOut = (fields: object, properties: object) =>
      new RabbitDelivery(
        {} as Holder,
        { name: 'test' },
        { content: Buffer.from('x'), fields, properties } as unknown as ConstructorParameters<
          typeof RabbitDelivery
        >[2],
        'q',
        0,
      );
    const route = { deliveryTag: 1, redelivered: false, exchange: 'nova', routingKey: 'profiler.info' };
    const said = { contentType: 'application/json', headers: {} };
    const first = handedOut(route, { ...said });
    const second = handedOut({ ...route, deliveryTag: 2 }, { ...said });
    assert.equal(second.properties, first.properties);
    assert.equal(second.tag, 2);
    const others = [
      handedOut({ ...route, redelivered: true }, { ...said, messageId: '7' }),
      handedOut({ ...route, exchange: 'neutron' }, { ...said, headers: { compression: 'gzip' } }),
      handedOut(route, said),
    ];
    assert.deepEqual(
      others.map(({ redelivered, from, properties }) => [redelivered, from.exchange, properties]),
      [
        [true, 'nova', { ...said, messageId: '7' }],
        [false, 'neutron', { ...said, headers: { compression: 'gzip' } }],
        [false, 'nova', said],
      ],
    );
  });
});
