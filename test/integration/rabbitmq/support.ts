/** A receiver in a fresh virtual host, and what it hands over. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Delivery } from '../../../src/contracts.js';
import {
  type RabbitReceiver,
  type RabbitReceiverOptions,
  RabbitReceiver as Receiver,
} from '../../../src/rabbitmq/rabbitmq.js';
import { eventually, type TestVhost } from '../../support/rabbitmq.js';
import { RememberingHandler, RememberingLog } from '../../support/receiving.js';

/** Short waits, so that tests of waiting need not wait. */
const BACKOFF = { initialMs: 50, maximumMs: 200 };

export interface Running {
  readonly receiver: RabbitReceiver;
  readonly handler: RememberingHandler;
  readonly log: RememberingLog;
  /** Resolves when `run()` has. */
  readonly ended: Promise<void>;
}

/** Runs a receiver until the test ends; by default it drains `profiler.info` with a prefetch of 100. */
export function start(
  test: TestContext,
  vhost: TestVhost,
  options: Partial<RabbitReceiverOptions> = {},
  whenDelivered?: (delivery: Delivery) => void,
): Running {
  const log = new RememberingLog();
  const handler = new RememberingHandler(whenDelivered);
  const receiver = new Receiver({
    address: vhost.address(),
    source: { mode: 'drain' },
    prefetch: 100,
    log,
    standbyMs: 50,
    backoff: BACKOFF,
    ...options,
  });
  const ended = receiver.run(handler);
  test.after(() => receiver.close());
  return { receiver, handler, log, ended };
}

export async function untilConsuming({ receiver }: Running): Promise<void> {
  await eventually(() => receiver.state.kind === 'consuming');
}

/** Waits for a reason to wait that matches. */
export async function untilWaitingFor({ receiver }: Running, reason: RegExp): Promise<void> {
  await eventually(() => receiver.state.kind === 'waiting' && reason.test(receiver.state.reason));
}

/** Declares `profiler.info` as oslo.messaging does by default, and publishes bodies to it. */
export function publish(vhost: TestVhost, bodies: readonly string[], queue = 'profiler.info'): Promise<void> {
  return vhost.withChannel(async (channel) => {
    await channel.assertQueue(queue, { durable: false });
    for (const body of bodies)
      channel.sendToQueue(queue, Buffer.from(body), { contentType: 'application/json' });
  });
}

/** How many messages the queue gives out again once nobody consumes it: those ready and those that were unacknowledged. */
export async function leftIn(vhost: TestVhost, queue = 'profiler.info'): Promise<number> {
  return vhost.withChannel(async (channel) => {
    const { messageCount, consumerCount } = await channel.checkQueue(queue);
    assert.equal(consumerCount, 0, 'nobody consumes any more');
    return messageCount;
  });
}
