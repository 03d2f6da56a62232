/** Where notifications come from. */
import { declare } from './definition.js';
import { count, duration, filePath, filePaths, list, oneOf, onOff, size, text } from './kinds.js';
import { transportUrls } from './urls.js';

const heading = 'Where notifications come from';
const connecting = declare({ heading, commands: ['run', 'shard', 'record', 'reshard', 'dead-letters'] });
const binding = declare({ heading, commands: ['run', 'shard', 'record'] });
const consuming = declare({ heading, commands: ['run', 'shard'] });
const rejecting = declare({ heading, commands: ['run'] });

/** The `control_exchange` of each service, and oslo.messaging's own default, `openstack`. */
const EXCHANGES = [
  ...['keystone', 'nova', 'neutron', 'cinder', 'glance', 'openstack', 'heat', 'placement', 'barbican'],
  ...['ironic', 'manila', 'magnum', 'octavia', 'designate', 'trove', 'sahara', 'mistral', 'aodh', 'swift'],
  ...['zun', 'watcher', 'masakari', 'cyborg'],
];

export const broker = {
  transportUrls: connecting.setting({
    flag: '--transport-url',
    kind: transportUrls(),
    default: ['rabbit://guest:guest@127.0.0.1:5672/'],
    description:
      "The broker, as oslo.messaging's transport_url: rabbit://user:password@host1:5672,user:password@host2:5672/vhost. " +
      'Repeat the flag, or separate by white space, to consume from several brokers. ' +
      'A flag is visible in ps: prefer the variable or --transport-url-file where that matters.',
    example: 'rabbit://nova:secret@rabbit1:5672,nova:secret@rabbit2:5672/',
  }),
  transportUrlFile: connecting.optional({
    kind: filePath(),
    description: 'A file with one transport URL per line, used instead of --transport-url.',
    example: '/run/secrets/transport-url',
  }),
  osloConfigFiles: connecting.setting({
    flag: '--oslo-config-file',
    kind: filePaths(),
    default: [],
    description:
      'Configuration of OpenStack services, one path per service: a file, or a directory whose *.conf files are read in alphabetical order. The transport_url in each names a broker. They add to --transport-url if that is given, and replace its default otherwise. Variables OS_<GROUP>__<OPTION> outrank the files, as in oslo.config. May be repeated.',
    example: '/etc/nova/nova.conf',
  }),
  osloConfigDirs: connecting.setting({
    flag: '--oslo-config-dir',
    kind: filePaths('<dir>'),
    default: [],
    description:
      'Directories whose *.conf files are read after the file of the same service, and outrank it: the only file given, or the one that lies beside the directory. A directory that belongs to no file is a service by itself. May be repeated.',
    example: '/etc/nova/nova.conf.d',
  }),
  mode: consuming.setting({
    kind: oneOf('drain', 'tap'),
    default: 'drain',
    description:
      'drain consumes the queue that the services declare, and never declares it itself. tap declares and binds a durable queue of its own, for when another consumer has the queue of the services.',
    example: 'tap',
  }),
  queue: consuming.setting({
    kind: text('the name of a queue'),
    default: 'profiler.info',
    description: 'The queue that drain consumes.',
    example: 'profiler.info',
  }),
  tapQueue: consuming.setting({
    kind: text('the name of a queue'),
    default: 'osprofiler-otel-bridge',
    description: 'The durable queue that tap declares and binds.',
    example: 'osprofiler-otel-bridge',
  }),
  exchanges: binding.setting({
    kind: list('names of exchanges, separated by commas'),
    default: EXCHANGES,
    description:
      "The services' exchanges that tap and record bind to, separated by commas. An exchange that does not exist yet is bound when it appears.",
    example: 'keystone,nova,neutron',
  }),
  routingKeys: binding.setting({
    kind: list('routing keys, separated by commas'),
    default: ['profiler.info'],
    description:
      'The routing keys that tap and record bind with, separated by commas. Notifications of the Ceilometer era have the key notifications.info.',
    example: 'profiler.info,notifications.info',
  }),
  prefetch: binding.optional({
    // AMQP's prefetch-count is an unsigned 16-bit number, and its 0 means no limit.
    kind: count(1, 65_535),
    defaultText: 'enough for the open trace points and the batches in flight',
    description: 'Maximum number of unacknowledged notifications that the broker delivers.',
    example: '20000',
  }),
  deadLetters: rejecting.setting({
    kind: onOff(),
    default: true,
    description:
      "Move notifications that can never become spans to a dead-letter queue, with the reason. Otherwise the broker discards them, or applies the queue's own dead-letter policy.",
    example: 'false',
  }),
  deadLetterQueue: rejecting.setting({
    commands: ['run', 'dead-letters'],
    kind: text('the name of a queue'),
    default: 'osprofiler-otel-bridge.dead-letters',
    description: 'The durable dead-letter queue; declared unless it exists.',
    example: 'osprofiler-otel-bridge.dead-letters',
  }),
  maxDeadLetters: rejecting.setting({
    kind: count(1),
    default: 10_000,
    description:
      'Maximum number of messages in the dead-letter queue, set when it is declared. When the queue is full, further rejected notifications stay unacknowledged.',
    example: '1000',
  }),
  requeueAfterMs: consuming.setting({
    kind: duration({ min: 1000 }),
    default: 600_000,
    description:
      "Age at which an unacknowledged notification is requeued, by way of a holding queue. Keep it well below the broker's consumer_timeout, 30 minutes by default.",
    example: '2m',
  }),
  requeueAtDeliveries: rejecting.setting({
    kind: count(1),
    default: 1,
    description:
      'Number of earlier deliveries by a quorum queue at which a notification that stays open is requeued at once: the delivery limit of the queue would discard it.',
    example: '5',
  }),
};

export const wire = {
  accelerator: declare({ heading, commands: ['run', 'replay', 'demo'] }).setting({
    kind: onOff(),
    default: true,
    description:
      'Take a shortcut for common messages: the same spans in a fraction of the CPU. false is for comparing and for finding faults.',
    example: 'false',
  }),
  maxMessageBytes: declare({ heading, commands: ['run', 'shard', 'replay', 'demo'] }).setting({
    kind: size(1024, 2 ** 30),
    default: 4 * 2 ** 20,
    description: 'Maximum size of a message after decompression; larger ones are rejected.',
    example: '16MiB',
  }),
};
