/** Where notifications come from. */
import { optional, setting } from './definition.js';
import { count, duration, filePath, list, oneOf, onOff, size, text } from './kinds.js';
import { transportUrls } from './urls.js';

const FROM_BROKER = ['run', 'shard', 'record'] as const;
const FROM_QUEUE = ['run', 'shard'] as const;
/** Those that need to know where the broker is. */
const TO_BROKER = [...FROM_BROKER, 'reshard', 'dead-letters'] as const;

/** The `control_exchange` of each service, and oslo.messaging's own default, `openstack`. */
const EXCHANGES = [
  ...['keystone', 'nova', 'neutron', 'cinder', 'glance', 'openstack', 'heat', 'placement', 'barbican'],
  ...['ironic', 'manila', 'magnum', 'octavia', 'designate', 'trove', 'sahara', 'mistral', 'aodh', 'swift'],
  ...['zun', 'watcher', 'masakari', 'cyborg'],
];

export const BROKER = {
  transportUrls: setting({
    key: 'broker.transportUrls',
    flag: '--transport-url',
    argument: '<url>',
    kind: transportUrls(),
    default: ['rabbit://guest:guest@127.0.0.1:5672/'],
    commands: TO_BROKER,
    description:
      'The broker, as oslo.messaging writes it: rabbit://user:password@host1:5672,user:password@host2:5672/vhost. ' +
      'Repeat the flag, or separate by white space, to read several brokers. ' +
      'A flag shows in ps: prefer the variable or --transport-url-file where that matters.',
    example: 'rabbit://nova:secret@rabbit1:5672,nova:secret@rabbit2:5672/',
  }),
  transportUrlFile: optional({
    key: 'broker.transportUrlFile',
    flag: '--transport-url-file',
    argument: '<file>',
    kind: filePath(),
    commands: TO_BROKER,
    description: 'A file that holds the transport URL, or several, one a line; instead of --transport-url.',
    example: '/run/secrets/transport-url',
  }),
  osloConfigFiles: setting({
    key: 'broker.osloConfigFiles',
    flag: '--oslo-config-file',
    argument: '<file>',
    kind: list('paths of files, separated by commas'),
    default: [],
    commands: TO_BROKER,
    description:
      "Configuration files of OpenStack services; the transport_url in each says which broker to read. Beside --transport-url they add to it; without it they replace that setting's default. May be repeated.",
    example: '/etc/nova/nova.conf',
  }),
  mode: setting({
    key: 'broker.mode',
    flag: '--mode',
    argument: '<mode>',
    kind: oneOf('drain', 'tap'),
    default: 'drain',
    commands: FROM_QUEUE,
    description:
      'drain consumes the queue that the services make, and never declares it. tap binds a durable queue of our own, for when somebody else reads theirs.',
    example: 'tap',
  }),
  queue: setting({
    key: 'broker.queue',
    flag: '--queue',
    argument: '<name>',
    kind: text('the name of a queue'),
    default: 'profiler.info',
    commands: FROM_QUEUE,
    description: 'The queue that drain consumes.',
    example: 'profiler.info',
  }),
  tapQueue: setting({
    key: 'broker.tapQueue',
    flag: '--tap-queue',
    argument: '<name>',
    kind: text('the name of a queue'),
    default: 'osprofiler-otel-bridge',
    commands: FROM_QUEUE,
    description: 'The durable queue that tap declares and binds.',
    example: 'osprofiler-otel-bridge',
  }),
  exchanges: setting({
    key: 'broker.exchanges',
    flag: '--exchanges',
    argument: '<names>',
    kind: list('names of exchanges, separated by commas'),
    default: EXCHANGES,
    commands: FROM_BROKER,
    description:
      "The services' exchanges that tap and record bind to, separated by commas; those that do not exist yet are bound when they appear.",
    example: 'keystone,nova,neutron',
  }),
  routingKeys: setting({
    key: 'broker.routingKeys',
    flag: '--routing-keys',
    argument: '<keys>',
    kind: list('routing keys, separated by commas'),
    default: ['profiler.info'],
    commands: FROM_BROKER,
    description:
      'The routing keys that tap and record bind with, separated by commas; Ceilometer-era notifications come with notifications.info.',
    example: 'profiler.info,notifications.info',
  }),
  prefetch: optional({
    key: 'broker.prefetch',
    flag: '--prefetch',
    argument: '<count>',
    // AMQP's prefetch-count is an unsigned 16-bit number, and its 0 means no limit.
    kind: count(1, 65_535),
    defaultText: 'what the open trace points and the batches can hold',
    commands: FROM_BROKER,
    description: 'The most notifications that the broker hands out before they are acknowledged.',
    example: '20000',
  }),
  deadLetters: setting({
    key: 'broker.deadLetters',
    flag: '--dead-letters',
    argument: '',
    kind: onOff(),
    default: true,
    commands: ['run'],
    description:
      "Set notifications that can never become spans aside, in a queue with the reason; otherwise the broker discards them, by the queue's own dead-letter policy.",
    example: 'false',
  }),
  deadLetterQueue: setting({
    key: 'broker.deadLetterQueue',
    flag: '--dead-letter-queue',
    argument: '<name>',
    kind: text('the name of a queue'),
    default: 'osprofiler-otel-bridge.dead-letters',
    commands: ['run', 'dead-letters'],
    description: 'The durable queue for what is set aside; declared unless it is there.',
    example: 'osprofiler-otel-bridge.dead-letters',
  }),
  maxDeadLetters: setting({
    key: 'broker.maxDeadLetters',
    flag: '--max-dead-letters',
    argument: '<count>',
    kind: count(1),
    default: 10_000,
    commands: ['run'],
    description:
      'How many that queue takes, from when it is declared; past it notifications are held, unacknowledged, until there is room.',
    example: '1000',
  }),
  renewAfter: setting({
    key: 'broker.renewAfter',
    flag: '--renew-after',
    argument: '<duration>',
    kind: duration({ min: 1000 }),
    default: 600_000,
    commands: FROM_QUEUE,
    description:
      "How long a notification is held unacknowledged before it is renewed by way of a parking queue; well below the broker's consumer_timeout, 30 minutes by default.",
    example: '2m',
  }),
  renewAtDeliveries: setting({
    key: 'broker.renewAtDeliveries',
    flag: '--renew-at-deliveries',
    argument: '<count>',
    kind: count(1),
    default: 1,
    commands: ['run'],
    description:
      'Renew at once what stays open and was given out by a quorum queue so often before: its delivery limit would discard it.',
    example: '5',
  }),
  maxMessageBytes: setting({
    key: 'wire.maxMessageBytes',
    flag: '--max-message-bytes',
    argument: '<size>',
    kind: size(1024, 2 ** 30),
    default: 4 * 2 ** 20,
    commands: ['run', 'shard', 'replay', 'demo'],
    description: 'The largest message, decompressed, in bytes; larger ones are rejected.',
    example: '16MiB',
  }),
};
