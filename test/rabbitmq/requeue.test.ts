import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Rejection } from '../../src/contracts.js';
import type { RabbitDelivery } from '../../src/rabbitmq/rabbit-delivery.js';
import { Requeuer, type RequeuerOptions } from '../../src/rabbitmq/requeue.js';
import { StatusLogger } from '../../src/rabbitmq/status-logger.js';
import { LedgerHolder, PROMPT, WaitingPublisher, WHERE } from '../support/own-queues.js';
import { eventually } from '../support/rabbitmq.js';
import { RememberingLog } from '../support/receiving.js';

const REJECTION = { reason: 'not-json', detail: 'no JSON' };
const NEVER_MS = 3_600_000;
const LONG_AGO = -2 * NEVER_MS;

describe('renewal', () => {
  it('copies what was given out before, and acknowledges it when the copy is written', async (test) => {
    const { renewal, holder, publisher, renewed } = renewing(test);
    const [fresh, counted] = [holder.deliver(0), holder.deliver(1)];
    for (const delivery of [fresh, counted]) renewal.consider(delivery);
    await eventually(() => publisher.waiting.length === 1);
    assert.deepEqual(publisher.published[0]?.queue, 'holding');
    assert.deepEqual([counted.live, counted.held, holder.released], [false, true, []]);
    publisher.answer('written');
    await eventually(() => renewed() === 1);
    assert.deepEqual(holder.released, [counted]);
    assert.deepEqual([fresh.live, publisher.published.length], [true, 1]);
  });

  it('copies what has come of age, oldest first, and nothing younger', async (test) => {
    const { renewal, holder, publisher } = renewing(test);
    const old = holder.deliver(0, LONG_AGO);
    const young = holder.deliver(0, performance.now());
    renewal.open();
    await eventually(() => publisher.waiting.length === 1);
    assert.deepEqual([holder.withdrawn, young.live], [[old], true]);
  });

  it('waits until the copies can come back', async (test) => {
    let isOpen = false;
    const { renewal, holder, publisher } = renewing(test, { isOpen: () => isOpen });
    renewal.consider(holder.deliver(1));
    await turn();
    assert.equal(publisher.published.length, 0);
    isOpen = true;
    renewal.open();
    await eventually(() => publisher.published.length === 1);
  });

  it('hands back what could not be copied, and then tries one at a time until one is written', async (test) => {
    const { renewal, holder, publisher, log } = renewing(test);
    const deliveries = [holder.deliver(1), holder.deliver(1), holder.deliver(1)];
    for (const delivery of deliveries) renewal.consider(delivery);
    await eventually(() => publisher.waiting.length === 3);
    for (const _ of deliveries) publisher.answer('refused');
    await eventually(() => holder.handedBack.length === 3);
    assert.ok(holder.handedBack.every(({ live, redelivered }) => live && redelivered));
    assert.match(log.text, /cannot be renewed/);
    for (const delivery of holder.handedBack) renewal.consider(delivery);
    await eventually(() => publisher.waiting.length === 1);
    await turn();
    assert.equal(publisher.waiting.length, 1);
    publisher.answer('written');
    await eventually(() => publisher.waiting.length === 2);
  });

  it('leaves alone what was settled, or went with its channel, meanwhile', async (test) => {
    const { renewal, holder, publisher, renewed } = renewing(test);
    const [settled, lost] = [holder.deliver(1), holder.deliver(1)];
    holder.settle(settled, 'accept');
    renewal.consider(settled);
    renewal.consider(lost);
    await eventually(() => publisher.waiting.length === 1);
    holder.ledger.abandon();
    publisher.answer('written');
    await eventually(() => renewed() === 1);
    assert.deepEqual([publisher.published.length, holder.released], [1, []]);
  });

  it('keeps a dead letter that cannot be written alive, and gives it back when it cannot be copied either', async (test) => {
    const held = new Map<RabbitDelivery, Rejection>();
    const added: unknown[] = [];
    const { renewal, holder, publisher } = renewing(test, {
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
    const rejected = holder.deliver(1);
    holder.settle(rejected, REJECTION);
    held.set(rejected, REJECTION);
    renewal.consider(rejected);
    await eventually(() => publisher.waiting.length === 1);
    assert.deepEqual(holder.withdrawn, [], 'the handler is not told: it has settled it');
    publisher.answer('missing');
    await eventually(() => added.length === 1);
    assert.deepEqual(added, [[rejected, REJECTION]]);
  });

  it('ends when the broker has answered, and renews nothing more', async (test) => {
    const { renewal, holder, publisher } = renewing(test);
    renewal.consider(holder.deliver(1));
    await eventually(() => publisher.waiting.length === 1);
    let isClosed = false;
    const closing = renewal.close().then(() => {
      isClosed = true;
    });
    await turn();
    assert.equal(isClosed, false);
    publisher.answer('written');
    await closing;
    assert.equal(holder.released.length, 1);
    renewal.consider(holder.deliver(1));
    await turn();
    assert.equal(publisher.published.length, 1);
  });
});

function renewing(test: TestContext, options: Partial<RequeuerOptions> = {}) {
  const holder = new LedgerHolder();
  const publisher = new WaitingPublisher();
  const log = new RememberingLog();
  let renewed = 0;
  const renewal = new Requeuer({
    ...{ publisher, holdingQueue: { name: 'holding' }, deadLetters: undefined, where: WHERE, ...PROMPT },
    ...{ afterMs: NEVER_MS, atDeliveries: 1, isOpen: () => true, statusLogger: new StatusLogger(log) },
    outstanding: () => [holder.ledger as never],
    onRequeued: () => {
      renewed += 1;
    },
    ...options,
  });
  test.after(async () => {
    const closing = renewal.close();
    while (publisher.waiting.length > 0) publisher.answer('refused');
    await closing;
  });
  return { renewal, holder, publisher, log, renewed: () => renewed };
}

/** All that is decided happens. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}
