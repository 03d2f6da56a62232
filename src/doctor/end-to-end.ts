/**
 * A trace point from the queue to the backend, the way that every other goes; and one through each of the services'
 * exchanges, which shows whether what the services send gets to the queue.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Bridge } from '../bridge.js';
import type { Log, Receiver } from '../contracts.js';
import { endMicrosOf, traceIdOf } from '../encoded-span.js';
import { ObservedSink, type Sent } from '../export/observed-sink.js';
import { openConnection, PUBLISHER_CONNECTION_NAME } from '../rabbitmq/connection.js';
import { codeOf, type Explanation, explainUnwritten } from '../rabbitmq/hints.js';
import { Publisher, type Route } from '../rabbitmq/publisher.js';
import { hasExchange } from '../rabbitmq/topology.js';
import { readHmacKeys } from '../settings/hmac-keys.js';
import type { Settings } from '../settings/settings.js';
import { formatDuration } from '../settings/units.js';
import { bridgeOptions, createSink, rabbitReceiver, sourceOf } from '../sidecar/assemble.js';
import type { Admitted } from './broker.js';
import { type Finding, fail, failFor, ok, skipped, warn } from './finding.js';
import { type SyntheticPoint, syntheticPoint } from './synthetic.js';

/** To settle what was exported, and to let go. */
const DRAIN_MS = 5_000;
const LOOK_EVERY_MS = 50;
/** As oslo.messaging publishes. */
const PROPERTIES = {
  ...{ contentType: 'application/json', contentEncoding: 'utf-8' },
  ...{ persistent: true, mandatory: true },
};
/** Clocks that differ by less do no harm worth a word. */
const CLOCK_TOLERANCE_S = 5;
/** Named in one line. */
const MOST_HOSTS = 10;

/**
 * Consumes the queue as `run` does until doctor's own spans are with the backend. What else waits in the queue is
 * exported on the way, and settled as `run` would; what is still open returns to the broker.
 * @param patienceMs how long the spans may take.
 */
export async function carryPoint(
  admitted: Admitted,
  settings: Settings,
  log: Log,
  patienceMs: number,
): Promise<Finding> {
  const keys = readHmacKeys(settings.headers);
  const point = syntheticPoint(settings.translate, keys);
  if (point === undefined) return skipped('the settings sample nothing');
  const { address, host } = admitted;
  const publisher = new Publisher((signal) =>
    openConnection(address, host, signal, log, PUBLISHER_CONNECTION_NAME),
  );
  const receiver = rabbitReceiver(address, settings, log, { source: sourceOf(settings.broker) });
  const news = new News();
  news.await(point);
  const sink = new ObservedSink(await createSink(settings), (sent) => news.hear(sent));
  const bridge = new Bridge({ ...bridgeOptions(settings, log, sink), receivers: [receiver] });
  const running = bridge.run();
  try {
    const deadline = performance.now() + patienceMs;
    const problem = await publishOnce(admitted, receiver, settings, point, publisher, deadline);
    if (problem !== undefined) return failFor(problem);
    const begun = performance.now();
    if (!(await comesTrue(() => news.has(point), deadline))) return unseen(bridge, news, patienceMs);
    const took = Math.round(performance.now() - begun);
    const signed =
      keys.length === 0
        ? 'not signed, since no HMAC key is set'
        : `signed with the first of ${keys.length} keys`;
    const carried = `published to "${receiverQueue(settings)}", exported as trace ${point.traceId} in ${took} ms, ${signed}`;
    const routes = await tryRoutes(admitted, settings, news, publisher, deadline);
    return describeJourney(carried, routes, news.clocksAhead);
  } finally {
    await publisher.close();
    await bridge.drain(DRAIN_MS);
    await running;
    await bridge.close();
  }
}

/** What the backend took on the way. */
class News {
  lastFailure = '';
  /** Hosts whose spans ended later than now. */
  readonly clocksAhead = new Set<string>();
  /** Of doctor's own traces, those that have not been taken yet: of a backlog there may be millions of others. */
  readonly #awaited = new Set<string>();

  await({ traceId }: SyntheticPoint): void {
    this.#awaited.add(traceId);
  }

  hear({ spans, outcome }: Sent): void {
    if (outcome.kind !== 'accepted') {
      this.lastFailure = outcome.reason;
      return;
    }
    const soon = (Date.now() / 1000 + CLOCK_TOLERANCE_S) * 1e6;
    for (const span of spans) {
      this.#awaited.delete(traceIdOf(span));
      if (endMicrosOf(span) > soon && this.clocksAhead.size < MOST_HOSTS)
        this.clocksAhead.add(String(span.resource.attributes['host.name'] ?? 'unknown'));
    }
  }

  has({ traceId }: SyntheticPoint): boolean {
    return !this.#awaited.has(traceId);
  }
}

/** Through each exchange that is there, a trace point of its own. */
async function tryRoutes(
  { connection }: Admitted,
  settings: Settings,
  news: News,
  publisher: Publisher,
  deadline: number,
): Promise<Routes> {
  const routes: Routes = { leading: [], unbound: [], elsewhere: [], unknown: [] };
  const sent = new Map<string, SyntheticPoint>();
  for (const exchange of settings.broker.exchanges) {
    if (!(await hasExchange(connection, exchange))) continue;
    const point = syntheticPoint(settings.translate)!;
    news.await(point);
    const how = await publishThrough(publisher, { exchange, routingKey: routingKeyOf(settings) }, point);
    if (how === 'routed') sent.set(exchange, point);
    else routes[how].push(exchange);
  }
  await comesTrue(() => [...sent.values()].every((point) => news.has(point)), deadline);
  for (const [exchange, point] of sent) routes[news.has(point) ? 'leading' : 'elsewhere'].push(exchange);
  return routes;
}

/** oslo.messaging sends with the name of the queue that it declares. */
function routingKeyOf({ broker: { mode, queue, routingKeys } }: Settings): string {
  return mode === 'drain' ? queue : (routingKeys[0] ?? queue);
}

interface Routes {
  /** Exchanges that lead to the queue. */
  readonly leading: string[];
  /** Those that lead nowhere. */
  readonly unbound: string[];
  /** Those that lead to another queue and not to this one. */
  readonly elsewhere: string[];
  /** Those that the user may not publish to. */
  readonly unknown: string[];
}

function describeJourney(carried: string, routes: Routes, clocksAhead: ReadonlySet<string>): Finding {
  const { leading, unbound, elsewhere, unknown } = routes;
  const through = [
    leading.length === 0 ? '' : `; bound to the queue: ${leading.join(', ')}`,
    unknown.length === 0
      ? ''
      : `; this user may not publish to ${unknown.join(', ')}, so these were not tried`,
  ].join('');
  const lost = [...unbound, ...elsewhere];
  const faults: string[] = [];
  const remedies: string[] = [];
  if (lost.length > 0) {
    faults.push(`not bound to it: ${lost.join(', ')}`);
    remedies.push(
      'what is sent to an exchange that is not bound never arrives: each service binds its own with its first notification after it starts or reconnects, so restart the services of these',
    );
  }
  if (clocksAhead.size > 0) {
    faults.push(`the clock is ahead of this machine's on ${[...clocksAhead].join(', ')}`);
    remedies.push("synchronise the hosts' clocks: spans of one trace are put in order by them");
  }
  if (faults.length > 0) return warn(`${carried}${through}; ${faults.join('; ')}`, remedies.join('; '));
  return ok(`${carried}${through}`);
}

function receiverQueue({ broker }: Settings): string {
  return sourceOf(broker).queue!;
}

/** Start and stop event, when the bridge consumes: a tap has its queue by then, and another bridge is not in the way. */
async function publishOnce(
  { connection }: Admitted,
  receiver: Receiver,
  settings: Settings,
  { start, stop }: SyntheticPoint,
  publisher: Publisher,
  deadline: number,
): Promise<Explanation | undefined> {
  if (!(await comesTrue(() => receiver.state.kind === 'consuming', deadline))) {
    const { state } = receiver;
    const why = state.kind === 'waiting' ? state.reason : 'no reason is known';
    return { reason: `the queue is not consumed: ${why}`, hint: 'see the checks above' };
  }
  const queue = receiverQueue(settings);
  for (const body of [start, stop]) {
    const published = await publisher.publish(queue, body, PROPERTIES);
    if (published.kind !== 'written') return explainUnwritten(published, connection.where, queue);
  }
  return undefined;
}

/**
 * - `routed`: to at least one queue.
 * - `unbound`: to none; the broker gave it back.
 * - `unknown`: this user may not publish there.
 */
async function publishThrough(
  publisher: Publisher,
  route: Route,
  { start, stop }: SyntheticPoint,
): Promise<'routed' | 'unbound' | 'unknown'> {
  for (const body of [start, stop]) {
    const published = await publisher.publish(route, body, PROPERTIES);
    if (published.kind === 'missing') return 'unbound';
    if (published.kind === 'failed' && codeOf(published.error) !== '403') throw published.error;
    if (published.kind !== 'written') return 'unknown';
  }
  return 'routed';
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
