import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AckTracker } from '../../src/rabbitmq/ack-tracker.js';
import { BodyArena } from '../../src/rabbitmq/body-arena.js';
import { type DeliveryOwner, RabbitDelivery } from '../../src/rabbitmq/rabbit-delivery.js';
import { property } from '../support/notifications.js';

const KIB = 1024;
const MIB = KIB * KIB;
/** Bodies that are not packed take so much memory at most, but for the last slab. */
const MOST_BYTES = 8 * MIB + 64 * KIB;

/** A channel as far as bodies go. */
class Bodies {
  readonly tracker = new AckTracker();
  readonly store = new BodyArena(() => this.tracker as Iterable<RabbitDelivery>);
  #tag = 0;

  /** A message that came and was not acknowledged at once. */
  keep(content: Buffer): RabbitDelivery {
    const delivery = this.take(content);
    delivery.rest(this.store);
    return delivery;
  }

  /** A message that comes just now. */
  take(content: Buffer): RabbitDelivery {
    const fields = { deliveryTag: ++this.#tag, redelivered: false, exchange: 'nova', routingKey: 'info' };
    const message = { content, fields, properties: {} };
    const delivery = new RabbitDelivery(
      {} as DeliveryOwner,
      { name: 'test' },
      message as unknown as ConstructorParameters<typeof RabbitDelivery>[2],
      'profiler.info',
      0,
    );
    this.tracker.add(delivery);
    return delivery;
  }

  acknowledge(delivery: RabbitDelivery): void {
    assert.equal(this.tracker.acknowledge(delivery), true);
  }
}

/** A kilobyte that differs from all others in 16 bytes, as real messages do. */
function bodyOf(index: number): Buffer {
  const body = Buffer.alloc(KIB, '"statement": "SELECT 1", ');
  body.writeUInt32BE(index, 100);
  randomBytes(12).copy(body, 200);
  return body;
}

describe('bodies of open messages', () => {
  it('are not where the socket read them any longer, and stay the same whatever comes and goes beside them', () => {
    const bodies = new Bodies();
    const chunk = Buffer.from('before|it|after');
    const delivery = bodies.keep(chunk.subarray(7, 9));
    chunk.fill('x');
    assert.equal(delivery.body.toString(), 'it');
    const asked = delivery.body;
    bodies.acknowledge(delivery);
    for (let index = 0; index < 200; index++) bodies.acknowledge(bodies.keep(bodyOf(index)));
    assert.equal(asked.toString(), 'it');
  });

  it('take no more memory however many come and go', () => {
    const bodies = new Bodies();
    const long = bodies.keep(bodyOf(1));
    const body = long.body;
    const recent: RabbitDelivery[] = [];
    for (let index = 0; index < 20_000; index++) {
      recent.push(bodies.keep(bodyOf(index)));
      if (recent.length > 1_000) bodies.acknowledge(recent.shift()!);
    }
    assert.ok(bodies.store.bytes < 1_000 * KIB + 3 * 64 * KIB, `${bodies.store.bytes}`);
    assert.deepEqual(long.body, body);
  });

  it('are packed when many stay open, the oldest first, and unpacked when they are asked for', () => {
    const bodies = new Bodies();
    const kept = Array.from({ length: 20_000 }, (_none, index) => {
      const body = bodyOf(index);
      return { body, delivery: bodies.keep(body) };
    });
    assert.ok(bodies.store.bytes <= MOST_BYTES, `${bodies.store.bytes}`);
    const shelves = new Set(kept.map(({ delivery }) => delivery.shelf));
    assert.ok(shelves.size < 20_000 / 50, `${shelves.size}`);
    for (const { body, delivery } of kept) assert.ok(delivery.body.equals(body));
  });

  it('are packed again with others when most of their pack has left', () => {
    const bodies = new Bodies();
    const all = Array.from({ length: 10_000 }, (_none, index) => bodies.keep(bodyOf(index)));
    const packs = new Set(all.slice(0, 3_000).map(({ shelf }) => shelf));
    const left = all.filter((_delivery, index) => index < 3_000 && index % 10 === 0);
    const expected = left.map(({ body }) => Buffer.from(body));
    for (const [index, delivery] of all.entries())
      if (index < 3_000 && index % 10 !== 0) bodies.acknowledge(delivery);
    for (let index = 0; index < 10_000; index++) bodies.keep(bodyOf(index));
    const packsNow = new Set(left.map(({ shelf }) => shelf));
    assert.ok(packsNow.size * 5 < packs.size, `${packs.size} became ${packsNow.size}`);
    assert.deepEqual(
      left.map(({ body }) => body),
      expected,
    );
  });

  it('may be larger than what others lie in together', () => {
    const bodies = new Bodies();
    const large = [3 * MIB, 2 * MIB, 4 * MIB].map((size) => randomBytes(size));
    const kept = large.map((body) => bodies.keep(body));
    assert.ok(bodies.store.bytes <= MOST_BYTES, `${bodies.store.bytes}`);
    for (const [index, delivery] of kept.entries()) assert.ok(delivery.body.equals(large[index]!));
    for (const delivery of kept) bodies.acknowledge(delivery);
    assert.equal(bodies.store.bytes, 0);
  });

  it('may be empty, the oldest too', () => {
    const bodies = new Bodies();
    const empty = bodies.keep(Buffer.alloc(0));
    const kept = Array.from({ length: 10_000 }, (_none, index) => bodies.keep(bodyOf(index)));
    assert.ok(bodies.store.bytes <= MOST_BYTES, `${bodies.store.bytes}`);
    assert.equal(empty.body.length, 0);
    assert.ok(kept.every(({ body }) => body.length === KIB));
  });

  it('are gone once they are acknowledged, and stay when the channel is lost', () => {
    const bodies = new Bodies();
    const [acknowledged, abandoned] = ['one', 'two'].map((text) => bodies.keep(Buffer.from(text)));
    bodies.acknowledge(acknowledged!);
    bodies.tracker.abandon();
    assert.deepEqual([acknowledged!.body.toString(), abandoned!.body.toString()], ['', 'two']);
    assert.equal(acknowledged!.size, 3);
  });

  it('stay with whoever is told that they are rejected, at once or later, aside or not', () => {
    const bodies = new Bodies();
    const later = [bodies.keep(Buffer.from('odd')), bodies.keep(Buffer.from('odd'))];
    for (const delivery of later) delivery.keepBody();
    const atOnce = [bodies.take(Buffer.from('odd')), bodies.take(Buffer.from('odd'))];
    for (const delivery of atOnce) delivery.keepBody();
    const rejected = [...later, ...atOnce];
    for (const [index, delivery] of rejected.entries()) {
      if (index % 2 === 0) bodies.tracker.reject(delivery);
      else bodies.tracker.beginMove(delivery);
    }
    for (const delivery of atOnce) delivery.rest(bodies.store);
    for (let index = 0; index < 10_000; index++) bodies.keep(bodyOf(index));
    for (const delivery of rejected) bodies.tracker.endMove(delivery);
    assert.deepEqual(
      rejected.map(({ body }) => body.toString()),
      ['odd', 'odd', 'odd', 'odd'],
    );
  });

  it('are the same with whatever is kept, acknowledged and asked for in between', () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ keep: fc.integer({ min: 0, max: 20 * KIB }) }) },
      { weight: 1, arbitrary: fc.record({ keep: fc.integer({ min: 0, max: 300 * KIB }) }) },
      { weight: 4, arbitrary: fc.record({ acknowledge: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ ask: fc.nat() }) },
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 100, maxLength: 2_000, size: 'max' }), (steps) => {
        const bodies = new Bodies();
        const open: { body: Buffer; delivery: RabbitDelivery }[] = [];
        for (const [index, each] of steps.entries()) {
          if ('keep' in each) {
            const body = Buffer.alloc(each.keep, `${index} `);
            open.push({ body, delivery: bodies.keep(Buffer.from(body)) });
          } else if (open.length > 0 && 'acknowledge' in each) {
            bodies.acknowledge(open.splice(each.acknowledge % open.length, 1)[0]!.delivery);
          } else if (open.length > 0 && 'ask' in each) {
            const { body, delivery } = open[each.ask % open.length]!;
            assert.ok(delivery.body.equals(body));
          }
          assert.ok(bodies.store.bytes <= MOST_BYTES + 300 * KIB);
        }
        for (const { body, delivery } of open) assert.ok(delivery.body.equals(body));
        for (const { delivery } of open) bodies.acknowledge(delivery);
        assert.ok(bodies.store.bytes <= 64 * KIB);
      }),
      // Shrinking a thousand steps would take longer than the file may.
      { ...property(30), interruptAfterTimeLimit: 60_000, markInterruptAsFailure: true },
    );
  });
});
