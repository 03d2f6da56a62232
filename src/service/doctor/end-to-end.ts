/** A trace point from the queue to the backend, the way that every other goes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Bridge } from '../../bridge.js';
import type { Log, Receiver } from '../../delivery.js';
import { ObservedSink } from '../../export/observed-sink.js';
import { openConnection, PUBLISHER_CONNECTION_NAME } from '../../receive/connection.js';
import { type Explanation, explainUnwritten } from '../../receive/explain.js';
import { Publisher } from '../../receive/publisher.js';
import { bridgeOptions, createSink, rabbitReceiver, sourceOf } from '../assemble.js';
import type { Settings } from '../settings.js';
import { formatDuration } from '../units.js';
import type { Admitted } from './broker.js';
import { type Finding, fail, failFor, ok, skipped } from './finding.js';
import { type SyntheticPoint, syntheticPoint } from './synthetic.js';

/** To settle what was exported, and to let go. */
const DRAIN_MS = 5_000;
const LOOK_EVERY_MS = 50;

/**
 * Consumes the queue as `run` does until doctor's own span is with the backend. What else waits in the queue is
 * exported on the way, and settled as `run` would; what is still open returns to the broker.
 * @param patienceMs how long the span may take.
 */
export async function carryPoint(
  admitted: Admitted,
  settings: Settings,
  log: Log,
  patienceMs: number,
): Promise<Finding> {
  const point = syntheticPoint(settings.translate);
  if (point === undefined) return skipped('the settings sample nothing');
  const { address } = admitted;
  const receiver = rabbitReceiver(address, settings, log, { source: sourceOf(settings.broker) });
  const news: News = { isSeen: false, lastFailure: '' };
  const sink = new ObservedSink(await createSink(settings), ({ spans, outcome }) => {
    if (outcome.kind !== 'taken') news.lastFailure = outcome.reason;
    else news.isSeen ||= spans.some((span) => span.spanContext().traceId === point.traceId);
  });
  const bridge = new Bridge({ ...bridgeOptions(settings, log), receivers: [receiver], sink });
  const running = bridge.run();
  try {
    const deadline = performance.now() + patienceMs;
    const problem = await publishOnce(admitted, receiver, settings, point, log, deadline);
    if (problem !== undefined) return failFor(problem);
    const begun = performance.now();
    if (!(await comesTrue(() => news.isSeen, deadline))) return unseen(bridge, news, patienceMs);
    const took = Math.round(performance.now() - begun);
    return ok(`published to "${receiverQueue(settings)}", exported as trace ${point.traceId} in ${took} ms`);
  } finally {
    await bridge.drain(DRAIN_MS);
    await running;
    await bridge.close();
  }
}

interface News {
  isSeen: boolean;
  lastFailure: string;
}

function receiverQueue({ broker }: Settings): string {
  return sourceOf(broker).queue!;
}

/** Both halves, when the bridge consumes: a tap has its queue by then, and another bridge is not in the way. */
async function publishOnce(
  { address, host, connection }: Admitted,
  receiver: Receiver,
  settings: Settings,
  { start, stop }: SyntheticPoint,
  log: Log,
  deadline: number,
): Promise<Explanation | undefined> {
  if (!(await comesTrue(() => receiver.state.kind === 'consuming', deadline))) {
    const { state } = receiver;
    const why = state.kind === 'waiting' ? state.reason : 'no reason is known';
    return { reason: `the queue is not consumed: ${why}`, hint: 'see the checks above' };
  }
  const queue = receiverQueue(settings);
  const publisher = new Publisher((signal) =>
    openConnection(address, host, signal, log, PUBLISHER_CONNECTION_NAME),
  );
  try {
    for (const body of [start, stop]) {
      const published = await publisher.publish(queue, body, {
        ...{ contentType: 'application/json', contentEncoding: 'utf-8' },
        ...{ persistent: true, mandatory: true },
      });
      if (published.kind !== 'written') return explainUnwritten(published, connection.where, queue);
    }
    return undefined;
  } finally {
    await publisher.close();
  }
}

async function comesTrue(isTrue: () => boolean, deadline: number): Promise<boolean> {
  while (!isTrue() && performance.now() < deadline) await sleep(LOOK_EVERY_MS);
  return isTrue();
}

function unseen({ counts }: Bridge, { lastFailure }: News, patienceMs: number): Finding {
  const why = lastFailure === '' ? '' : `; the last export failed: ${lastFailure}`;
  return fail(
    `published, and not seen exported within ${formatDuration(patienceMs)}; notifications received: ${counts.received}${why}`,
    'see the checks above; when many wait in the queue, give it longer with --check-timeout',
  );
}
