/** What the bridge needs at a broker that let it in: the queue to itself, its permissions, the exchanges. */
import type { Log } from '../contracts.js';
import { DOCTOR_CONNECTION_NAME, openConnection } from '../rabbitmq/connection.js';
import {
  checkMayBind,
  checkMayConsume,
  checkMayDeclare,
  checkMayPublish,
  differenceOf,
} from '../rabbitmq/permissions.js';
import { TapBindings } from '../rabbitmq/tap-bindings.js';
import {
  declareTemporaryTap,
  hasExchange,
  holdingQueueName,
  type QueueDepth,
  queueDepth,
  takeLock,
} from '../rabbitmq/topology.js';
import type { BrokerSettings } from '../settings/settings.js';
import { formatDuration } from '../settings/units.js';
import { sourceOf } from '../sidecar/assemble.js';
import { type Admitted, asked } from './broker.js';
import type { Checked, Examination } from './examination.js';
import { type Finding, fail, ok, warn } from './finding.js';

/** Whether a bridge could consume the queue now, and what lies in it. */
export interface QueueFacts {
  readonly isFree: boolean;
  readonly depth: QueueDepth | undefined;
}

export const QUEUE_CHECKS = [
  'queue',
  'other bridges',
  'other consumers',
  'permissions',
  'requeue',
  'exchanges',
] as const;

const OTHERS_LOSE =
  'every message that they take is one that the bridge never sees, and pairs are torn; stop them (rabbitmqctl list_consumers)';

export async function examineQueue(
  exam: Examination,
  admitted: Admitted,
  settings: BrokerSettings,
  log: Log,
): Promise<QueueFacts> {
  const { where, connection } = admitted;
  const { mode } = settings;
  const queue = sourceOf(settings).queue!;
  const check = <T>(name: string, question: () => Promise<Checked<T> | Finding>) =>
    exam.check<T>(where, name, () => asked(admitted, queue, question));

  const depth = await check<QueueDepth>('queue', async () => {
    const found = await queueDepth(connection, queue);
    if (found === undefined) return missingQueue(mode, queue, connection.where.vhost);
    return { finding: await describeQueue(admitted, settings, queue, found), value: found };
  });
  const isLocked = await check<boolean>('other bridges', () => isLockedByAnother(admitted, queue, log));
  const others = depth?.consumers ?? 0;
  if (isLocked !== false) exam.skip(where, ['other consumers'], 'another bridge may be one of them');
  else if (others === 0) exam.note(where, 'other consumers', ok('none'));
  else exam.note(where, 'other consumers', otherConsumers(mode, queue, others));
  for (const [what, ask] of permissionsOf(admitted, settings, queue)) {
    await check(`permission to ${what}`, async () => {
      await ask();
      return ok('granted');
    });
  }
  exam.note(where, 'requeue', describeRequeueing(connection.server.version, settings));
  await check('exchanges', () => (mode === 'drain' ? lookAtExchanges : tryBindings)(admitted, settings, log));
  return { isFree: isLocked === false && others === 0, depth };
}

function missingQueue(mode: BrokerSettings['mode'], queue: string, vhost: string): Finding {
  if (mode === 'tap') return ok(`"${queue}" is not there yet; run declares it`);
  return fail(
    `there is no queue "${queue}" in the virtual host "${vhost}"`,
    'a service declares it with its first notification: see [profiler] enabled and connection_string there, --queue, and the virtual host; services that disagree about amqp_durable_queues are refused with 406 (PRECONDITION_FAILED in their logs)',
  );
}

async function describeQueue(
  { connection }: Admitted,
  { mode }: BrokerSettings,
  queue: string,
  { messages, consumers }: QueueDepth,
): Promise<Finding> {
  const detail = `"${queue}" is there; messages waiting: ${messages}, consumers: ${consumers}`;
  // Somebody else's queue is only looked at; of ours the broker may be asked what it is like.
  const difference = mode === 'tap' ? await differenceOf(connection, queue) : undefined;
  if (difference?.option !== 'durable') {
    return ok(difference === undefined ? detail : `${detail}; ${difference.option} is ${difference.current}`);
  }
  return warn(
    `${detail}; it is not durable (the broker answers 406 to a durable declaration)`,
    'a restart of the broker loses what waits in it: delete it when it is empty (rabbitmqctl delete_queue), and run declares it durable',
  );
}

/** Tries the lock on a connection of its own, and lets go of it at once. */
async function isLockedByAnother(
  { address, host }: Admitted,
  queue: string,
  log: Log,
): Promise<Checked<boolean>> {
  const connection = await openConnection(
    ...([address, host, new AbortController().signal, log, DOCTOR_CONNECTION_NAME] as const),
  );
  try {
    if (await takeLock(connection, queue)) return { finding: ok('none consumes this queue'), value: false };
    return { finding: ok('one consumes this queue now; a second one would stand by'), value: true };
  } finally {
    await connection.close();
  }
}

function otherConsumers(mode: BrokerSettings['mode'], queue: string, count: number): Finding {
  const instead = mode === 'drain' ? ', or use --mode tap' : ', or name another --tap-queue';
  return fail(`${count} that are no bridge of ours consume "${queue}"`, `${OTHERS_LOSE}${instead}`);
}

/** What `run` will need, as RabbitMQ's permissions have it. */
function permissionsOf(
  { connection }: Admitted,
  settings: BrokerSettings,
  queue: string,
): [what: string, ask: () => Promise<void>][] {
  const holding = holdingQueueName(queue);
  const own = [holding, ...(settings.deadLetters ? [settings.deadLetterQueue] : [])];
  return [
    [`read "${queue}"`, () => checkMayConsume(connection, queue)],
    ...(settings.mode === 'tap' ? [queue, ...own] : own).map(
      (name) =>
        [`configure "${name}"`, () => checkMayDeclare(connection, name)] as [string, () => Promise<void>],
    ),
    [`read "${holding}"`, () => checkMayConsume(connection, holding)],
    ['write "amq.default"', () => checkMayPublish(connection)],
    ...(settings.mode === 'tap'
      ? ([[`write "${queue}", to bind it`, () => checkMayBind(connection, queue)]] as [
          string,
          () => Promise<void>,
        ][])
      : []),
  ];
}

/** RabbitMQ's own: a quorum queue of 4.0 and later gives a message out so often. */
const DELIVERY_LIMIT = 20;
/** RabbitMQ's own `consumer_timeout`. */
const CONSUMER_TIMEOUT_MS = 30 * 60_000;

/** What the broker is set to, AMQP does not tell; what it is set to by default, its version does. */
function describeRequeueing(
  version: string,
  { requeueAfterMs, requeueAtDeliveries }: BrokerSettings,
): Finding {
  if (requeueAfterMs >= CONSUMER_TIMEOUT_MS) {
    return warn(
      `--requeue-after is not below consumer_timeout, ${formatDuration(CONSUMER_TIMEOUT_MS)} by default`,
      'shorten it, or see that the broker allows more: it closes the channel on what is held for longer',
    );
  }
  const isLimited = Number(version.split('.')[0]) >= 4;
  if (isLimited && requeueAtDeliveries >= DELIVERY_LIMIT) {
    return warn(
      `--requeue-at-deliveries is not below the delivery limit of quorum queues, ${DELIVERY_LIMIT} by default`,
      'lower it: what was given out more often is discarded by the broker',
    );
  }
  return ok(`below the broker's defaults; requeued after ${formatDuration(requeueAfterMs)}`);
}

async function lookAtExchanges({ connection }: Admitted, { exchanges }: BrokerSettings): Promise<Finding> {
  const there: string[] = [];
  for (const exchange of exchanges) if (await hasExchange(connection, exchange)) there.push(exchange);
  if (there.length > 0) return ok(`of the services' exchanges these are there: ${there.join(', ')}`);
  return warn(
    "none of the services' exchanges is there",
    'no service has sent anything to this virtual host yet, or their exchanges have other names (control_exchange)',
  );
}

/** Binds a queue that goes with the connection, by a key that nobody sends with. */
async function tryBindings(
  { connection }: Admitted,
  { exchanges }: BrokerSettings,
  log: Log,
): Promise<Finding> {
  const queue = await declareTemporaryTap(connection, 'osprofiler-otel-bridge.doctor');
  const bindings = new TapBindings({ exchanges, routingKeys: [queue], recheckMs: 0, log });
  await bindings.bind(connection, queue);
  const { bound, missing, refused } = bindings.report;
  const later = missing.length === 0 ? '' : `; not there (yet): ${missing.join(', ')}`;
  if (refused.length > 0) {
    return fail(`may not bind to ${refused.join(', ')}`, 'grant the user read on these exchanges');
  }
  if (bound.length > 0) return ok(`can be bound: ${bound.join(', ')}${later}`);
  return warn(
    `none of them is there: ${missing.join(', ')}`,
    'run binds them as they appear; see --exchanges and the virtual host, and that a service sends at all',
  );
}
