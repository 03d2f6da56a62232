import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Rejection } from '../../src/contracts.js';
import type { RabbitDelivery } from '../../src/rabbitmq/rabbit-delivery.js';
import { Requeuer, type RequeuerOptions } from '../../src/rabbitmq/requeue.js';
import { StatusLogger } from '../../src/rabbitmq/status-logger.js';
import { PROMPT, TrackingOwner, WaitingPublisher, WHERE } from '../support/own-queues.js';
import { eventually } from '../support/rabbitmq.js';
import { RememberingLog } from '../support/receiving.js';

const REJECTION = { reason: 'not-json', detail: 'no JSON' };
const NEVER_MS = 3_600_000;
const LONG_AGO = -2 * NEVER_MS;

describe('requeueing', () => {
  it('copies what was delivered before, and acknowledges it when the copy is written', async (test) => {
    const { requeuer, owner, publisher, requeued } = requeueing(test);
    const [fresh, counted] = [owner.deliver(0), owner.deliver(1)];
    for (const delivery of [fresh, counted]) requeuer.consider(delivery);
    await eventually(() => publisher.waiting.length === 1);
    assert.deepEqual(publisher.published[0]?.queue, 'holding');
    assert.deepEqual([counted.live, counted.held, owner.copied], [false, true, []]);
    publisher.answer('written');
    await eventually(() => requeued() === 1);
    assert.deepEqual(owner.copied, [counted]);
    assert.deepEqual([fresh.live, publisher.published.length], [true, 1]);
  });

  it('copies what has come of age, oldest first, and nothing younger', async (test) => {
    const { requeuer, owner, publisher } = requeueing(test);
    const old = owner.deliver(0, LONG_AGO);
    const young = owner.deliver(0, performance.now());
    requeuer.onHoldingOpen();
    await eventually(() => publisher.waiting.length === 1);
    assert.deepEqual([owner.requeued, young.live], [[old], true]);
  });

  it('waits until the copies can come back', async (test) => {
    let isOpen = false;
    const { requeuer, owner, publisher } = requeueing(test, { isOpen: () => isOpen });
    requeuer.consider(owner.deliver(1));
    await turn();
    assert.equal(publisher.published.length, 0);
    isOpen = true;
    requeuer.onHoldingOpen();
    await eventually(() => publisher.published.length === 1);
  });

  it('hands back what could not be copied, and then tries one at a time until one is written', async (test) => {
    const { requeuer, owner, publisher, log } = requeueing(test);
    const deliveries = [owner.deliver(1), owner.deliver(1), owner.deliver(1)];
    for (const delivery of deliveries) requeuer.consider(delivery);
    await eventually(() => publisher.waiting.length === 3);
    for (const _ of deliveries) publisher.answer('refused');
    await eventually(() => owner.handedBack.length === 3);
    assert.ok(owner.handedBack.every(({ live, redelivered }) => live && redelivered));
    assert.match(log.text, /cannot be requeued/);
    for (const delivery of owner.handedBack) requeuer.consider(delivery);
    await eventually(() => publisher.waiting.length === 1);
    await turn();
    assert.equal(publisher.waiting.length, 1);
    publisher.answer('written');
    await eventually(() => publisher.waiting.length === 2);
  });

  it('leaves alone what was acknowledged, or went with its channel, meanwhile', async (test) => {
    const { requeuer, owner, publisher, requeued } = requeueing(test);
    const [acknowledged, lost] = [owner.deliver(1), owner.deliver(1)];
    owner.acknowledge(acknowledged);
    requeuer.consider(acknowledged);
    requeuer.consider(lost);
    await eventually(() => publisher.waiting.length === 1);
    owner.tracker.abandon();
    publisher.answer('written');
    await eventually(() => requeued() === 1);
    assert.deepEqual([publisher.published.length, owner.copied], [1, []]);
  });

  it('keeps a dead letter that cannot be written alive, and gives it back when it cannot be copied either', async (test) => {
    const held = new Map<RabbitDelivery, Rejection>();
    const added: unknown[] = [];
    const { requeuer, owner, publisher } = requeueing(test, {
      deadLetters: {
        holds: (delivery) => held.has(delivery),
        withdraw: (delivery) => {
          const why = held.get(delivery);
          held.delete(delivery);
          return why;
        },
        add: (delivery, why) => added.push([delivery, why]),
      },
    });
    const rejected = owner.deliver(1);
    owner.deadLetter(rejected);
    held.set(rejected, REJECTION);
    requeuer.consider(rejected);
    await eventually(() => publisher.waiting.length === 1);
    assert.deepEqual(owner.requeued, [], 'the handler is not told: it has rejected it');
    publisher.answer('missing');
    await eventually(() => added.length === 1);
    assert.deepEqual(added, [[rejected, REJECTION]]);
  });

  it('ends when the broker has answered, and requeues nothing more', async (test) => {
    const { requeuer, owner, publisher } = requeueing(test);
    requeuer.consider(owner.deliver(1));
    await eventually(() => publisher.waiting.length === 1);
    let isClosed = false;
    const closing = requeuer.close().then(() => {
      isClosed = true;
    });
    await turn();
    assert.equal(isClosed, false);
    publisher.answer('written');
    await closing;
    assert.equal(owner.copied.length, 1);
    requeuer.consider(owner.deliver(1));
    await turn();
    assert.equal(publisher.published.length, 1);
  });
});

function requeueing(test: TestContext, options: Partial<RequeuerOptions> = {}) {
  const owner = new TrackingOwner();
  const publisher = new WaitingPublisher();
  const log = new RememberingLog();
  let requeued = 0;
  const requeuer = new Requeuer({
    ...{ publisher, holdingQueue: { name: 'holding' }, deadLetters: undefined, where: WHERE, ...PROMPT },
    ...{ afterMs: NEVER_MS, atDeliveries: 1, isOpen: () => true, statusLogger: new StatusLogger(log) },
    outstanding: () => [owner.tracker as never],
    onRequeued: () => {
      requeued += 1;
    },
    ...options,
  });
  test.after(async () => {
    const closing = requeuer.close();
    while (publisher.waiting.length > 0) publisher.answer('refused');
    await closing;
  });
  return { requeuer, owner, publisher, log, requeued: () => requeued };
}

/** All that is decided happens. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}
