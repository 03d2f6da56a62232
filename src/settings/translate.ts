/** How notifications become spans. */
import { declare } from './definition.js';
import { worth } from './keep.js';
import { attributes } from './key-values.js';
import { count, duration, list, oneOf, onOff, pattern, ratio, size, text } from './kinds.js';

const { setting, optional } = declare({
  heading: 'How they become spans',
  commands: ['run', 'replay', 'demo'],
});

const mapping = {
  serviceName: setting({
    kind: {
      ...pattern(
        /^(?:[^{}]|\{project\}|\{service\})*$/,
        'a template with {project} and {service}, such as {project}-{service}',
      ),
      argument: '<template>',
    },
    default: '',
    defaultText: 'the service, prefixed by its project unless it begins with that',
    description:
      "Template of service.name. osprofiler's own OTLP driver uses {project}-{service}; by default nova-conductor stays nova-conductor and api of nova becomes nova-api.",
    example: '{project}-{service}',
  }),
  dbSystem: setting({
    kind: { ...text("one of OpenTelemetry's db.system.name values, such as mysql"), argument: '<name>' },
    default: 'other_sql',
    description: 'The value of db.system.name, which notifications do not tell.',
    example: 'mysql',
  }),
  httpKnownMethods: setting({
    kind: list('HTTP methods, separated by commas'),
    default: 'CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT QUERY TRACE'.split(' '),
    otel: ['OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS'],
    description: 'HTTP methods that are known, in place of the default ones; others are exported as _OTHER.',
    example: 'GET,HEAD,POST,PUT,PATCH,DELETE,COPY',
  }),
  resourceAttributes: setting({
    kind: attributes(),
    default: {},
    otel: ['OTEL_RESOURCE_ATTRIBUTES'],
    description:
      'Attributes of every resource: name=value pairs separated by commas, percent-encoded; a map in the settings file.',
    example: 'deployment.environment.name=production,region=eu%2C1',
  }),
  rootSpan: optional({
    kind: onOff(),
    defaultText: 'off; on in demo',
    description:
      'Add a root span to each trace, as the parent of its several roots: a client command makes one root for each HTTP call.',
    example: 'true',
  }),
  traceQuietMs: setting({
    kind: duration(),
    default: 30_000,
    description:
      'Idle time after which a trace is considered complete. Its root span is then created, and childless spans matched by --drop are discarded.',
    example: '1m',
  }),
  mask: setting({
    kind: { ...oneOf('on', 'strict', 'off'), argument: '<mode>' },
    default: 'on',
    description:
      'on replaces secrets by ***; strict also omits all function arguments, SQL parameters and results; off exports everything.',
    example: 'strict',
  }),
  sqlParameters: setting({
    kind: onOff(),
    default: false,
    description: 'Export the parameters of SQL statements, masked.',
    example: 'true',
  }),
  results: setting({
    kind: onOff(),
    default: false,
    description: 'Export the results of functions and SQL statements, masked.',
    example: 'true',
  }),
};

const bounds = {
  maxOpenPoints: setting({
    kind: count(1, 10_000_000),
    default: 10_000,
    description:
      'Maximum number of trace points waiting for their start or stop. Above it the oldest are exported as incomplete spans.',
    example: '50000',
  }),
  maxOpenBytes: setting({
    kind: size(64 * 1024, 64 * 2 ** 30),
    default: 64 * 2 ** 20,
    description:
      'Maximum bytes of notifications waiting for their start or stop. Above it the oldest are exported as incomplete spans.',
    example: '256MiB',
  }),
  pairTimeoutMs: setting({
    kind: duration(),
    default: 3_600_000,
    description:
      'How long a trace point waits for its start or stop before it is exported as an incomplete span.',
    example: '2h',
  }),
  attributeValueLengthLimit: setting({
    kind: count(0, 2 ** 24),
    default: 4096,
    otel: ['OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT'],
    description: 'Maximum length of an attribute value, in characters; longer values are truncated.',
    example: '16384',
  }),
  attributeCountLimit: setting({
    kind: count(0, 65_535),
    default: 128,
    otel: ['OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', 'OTEL_ATTRIBUTE_COUNT_LIMIT'],
    description: 'Maximum number of attributes of a span; further ones are dropped and counted.',
    example: '64',
  }),
};

const filtering = {
  drop: setting({
    kind: list('names of trace points, separated by commas'),
    default: [],
    description: 'Names of trace points that are not exported, separated by commas. May be repeated.',
    example: 'db,neutron.db',
  }),
  dropSqlShorterThanMs: optional({
    kind: duration(),
    defaultText: 'every statement is exported',
    description: 'Do not export successful SQL statements that took less than this.',
    example: '5ms',
  }),
  // osprofiler's traces carry no sampling decision of a parent, so each pair of samplers does the same.
  sampler: setting({
    kind: {
      ...oneOf(
        ...(['always_on', 'always_off', 'traceidratio'] as const),
        ...(['parentbased_always_on', 'parentbased_always_off', 'parentbased_traceidratio'] as const),
      ),
      argument: '<name>',
    },
    default: 'always_on',
    otel: ['OTEL_TRACES_SAMPLER'],
    description: 'Which traces are exported: all, none, or the ratio --sampler-arg, chosen by trace id.',
    example: 'traceidratio',
  }),
  samplerArg: setting({
    kind: ratio(),
    default: 1,
    otel: ['OTEL_TRACES_SAMPLER_ARG'],
    description: 'The ratio of all traces, 0 to 1, that traceidratio exports.',
    example: '0.1',
  }),
  maxSpansPerTrace: setting({
    kind: count(0),
    default: 0,
    defaultText: '0, no limit',
    description: 'Maximum number of spans of one trace; further ones are dropped and counted.',
    example: '50000',
  }),
  keep: setting({
    kind: worth(),
    default: { errors: false },
    defaultText: 'every trace',
    description:
      'Tail sampling: export only traces with a failure (errors), traces that lasted long from their first notification to their last (slower-than=2s), or either. Undecided notifications stay unacknowledged. All notifications of a trace must reach the same process: a single bridge, or shards.',
    example: 'errors,slower-than=2s',
  }),
  keepRatio: setting({
    kind: ratio(),
    default: 0,
    description: 'The ratio of all other traces, 0 to 1, that --keep exports nevertheless.',
    example: '0.05',
  }),
  keepDeadlineMs: setting({
    kind: duration(),
    default: 300_000,
    description: 'Maximum time before --keep decides on a trace that has not been idle for --trace-quiet.',
    example: '10m',
  }),
  keepMaxPoints: setting({
    kind: count(1, 25_000),
    default: 10_000,
    description:
      'Maximum number of trace points waiting for the decision of --keep. Above it the oldest trace is decided early.',
    example: '20000',
  }),
  keepMaxBytes: setting({
    kind: size(1024, 2 ** 36),
    default: 64 * 2 ** 20,
    description:
      'Maximum bytes of messages waiting for the decision of --keep. Above it the oldest trace is decided early.',
    example: '256MiB',
  }),
};

export const translate = { ...mapping, ...bounds, ...filtering };
