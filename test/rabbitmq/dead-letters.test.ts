import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { DeadLetters, type DeadLettersOptions } from '../../src/rabbitmq/dead-letters.js';
import type { RabbitDelivery } from '../../src/rabbitmq/rabbit-delivery.js';
import { StatusLogger } from '../../src/rabbitmq/status-logger.js';
import { PROMPT, TrackingOwner, WaitingPublisher, WHERE } from '../support/own-queues.js';
import { eventually } from '../support/rabbitmq.js';
import { RememberingLog } from '../support/receiving.js';

/** The next attempt comes in an hour. */
const NOT_SOON = { backoff: { initialMs: 3_600_000, maximumMs: 3_600_000 }, random: () => 1 };
const REJECTION = { reason: 'not-json', detail: 'no JSON' };

describe('dead letters', () => {
  it('are acknowledged where they came from when they are written, with their reason', async (test) => {
    const { letters, publisher, owner, reject, written } = writing(test);
    const delivery = reject();
    assert.deepEqual(owner.copied, []);
    assert.deepEqual(publisher.published, [
      {
        queue: 'dead',
        headers: {
          'x-osprofiler-bridge-exchange': 'nova',
          'x-osprofiler-bridge-routing-key': 'profiler.info',
          'x-osprofiler-bridge-queue': 'profiler.info',
          'x-osprofiler-bridge-reason': 'not-json',
          'x-osprofiler-bridge-detail': 'no JSON',
        },
      },
    ]);
    publisher.answer('written');
    await eventually(() => written() === 1);
    assert.deepEqual([owner.copied, letters.held], [[delivery], 0]);
  });

  it('are held while they cannot be written, tried again one at a time, and then all together', async (test) => {
    const { letters, publisher, owner, held, log, reject } = writing(test);
    const deliveries = [reject(), reject(), reject()];
    for (const _ of deliveries) publisher.answer('refused');
    await eventually(() => held.length === 3);
    assert.match(log.text, /cannot be dead-lettered and are held/);
    await eventually(() => publisher.waiting.length === 1);
    deliveries.push(reject());
    assert.deepEqual([publisher.waiting.length, letters.held], [1, 3]);
    publisher.answer('written');
    await eventually(() => publisher.waiting.length === 3);
    while (publisher.waiting.length > 0) publisher.answer('written');
    await eventually(() => owner.copied.length === 4);
    assert.deepEqual([new Set(owner.copied), letters.held], [new Set(deliveries), 0]);
  });

  it('are given up once to who else would keep them', async (test) => {
    const { letters, publisher, held, reject } = writing(test, NOT_SOON);
    const delivery = reject();
    assert.equal(letters.withdraw(delivery), undefined, 'it is on its way');
    publisher.answer('refused');
    await eventually(() => held.length === 1 && letters.holds(delivery));
    assert.deepEqual(letters.withdraw(delivery), REJECTION);
    assert.equal(letters.withdraw(delivery), undefined);
  });

  it('are forgotten when their channel is gone: the broker delivers them again', async (test) => {
    const { letters, publisher, owner, reject } = writing(test);
    reject();
    owner.tracker.abandon();
    publisher.answer('refused');
    await letters.close();
    assert.deepEqual([letters.held, owner.copied], [0, []]);
  });

  it('end when the broker has answered', async (test) => {
    const { letters, publisher, owner, reject } = writing(test);
    reject();
    const closing = letters.close();
    publisher.answer('written');
    await closing;
    assert.equal(owner.copied.length, 1);
  });
});

function writing(test: TestContext, patience: Pick<DeadLettersOptions, 'backoff' | 'random'> = PROMPT) {
  const owner = new TrackingOwner();
  const publisher = new WaitingPublisher();
  const log = new RememberingLog();
  const held: RabbitDelivery[] = [];
  let written = 0;
  const letters = new DeadLetters({
    ...{ publisher, queue: { name: 'dead' }, where: WHERE, statusLogger: new StatusLogger(log), ...patience },
    onHeld: (delivery) => held.push(delivery),
    onWritten: () => {
      written += 1;
    },
  });
  test.after(async () => {
    const closing = letters.close();
    while (publisher.waiting.length > 0) publisher.answer('refused');
    await closing;
  });
  /** A delivery that its owner has set aside. */
  const reject = (): RabbitDelivery => {
    const delivery = owner.deliver();
    owner.deadLetter(delivery);
    letters.add(delivery, REJECTION);
    return delivery;
  };
  return { letters, publisher, owner, held, log, reject, written: () => written };
}
