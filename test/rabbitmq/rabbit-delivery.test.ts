import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type DeliveryOwner, RabbitDelivery } from '../../src/rabbitmq/rabbit-delivery.js';

describe('what one message after the other says of itself', () => {
  it('is shared as long as it is the same, and is each one’s own otherwise', () => {
    const handedOut = (fields: object, properties: object) =>
      new RabbitDelivery(
        {} as DeliveryOwner,
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
