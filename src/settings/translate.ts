/** How notifications become spans. */
import { optional, setting } from './definition.js';
import { attributes } from './key-values.js';
import { count, decimal, duration, list, oneOf, onOff, pattern, size, text } from './kinds.js';

const TRANSLATING = ['run', 'replay', 'demo'] as const;

/** OpenTelemetry's samplers. osprofiler's traces come without a sampling decision of a parent, so both sorts do the same. */
export const SAMPLERS = [
  ...(['always_on', 'always_off', 'traceidratio'] as const),
  ...(['parentbased_always_on', 'parentbased_always_off', 'parentbased_traceidratio'] as const),
] as const;

const shape = {
  serviceName: setting({
    key: 'translate.serviceName',
    flag: '--service-name',
    argument: '<template>',
    kind: pattern(
      /^(?:[^{}]|\{project\}|\{service\})*$/,
      'a template with {project} and {service}, such as {project}-{service}',
    ),
    default: '',
    defaultText: 'the service, after its project unless it begins with that',
    commands: TRANSLATING,
    description:
      "A template for service.name. {project}-{service} is what osprofiler's own OTLP driver makes; unset, nova-conductor stays nova-conductor and api of nova is nova-api.",
    example: '{project}-{service}',
  }),
  dbSystem: setting({
    key: 'translate.dbSystem',
    flag: '--db-system',
    argument: '<name>',
    kind: text("one of OpenTelemetry's db.system.name values, such as mysql"),
    default: 'other_sql',
    commands: TRANSLATING,
    description: 'The value of db.system.name, which the notifications do not say.',
    example: 'mysql',
  }),
  resourceAttributes: setting({
    key: 'translate.resourceAttributes',
    flag: '--resource-attributes',
    argument: '<pairs>',
    kind: attributes(),
    default: {},
    otel: ['OTEL_RESOURCE_ATTRIBUTES'],
    commands: TRANSLATING,
    description:
      'Attributes of every resource, name=value pairs separated by commas, percent-encoded; a map in the settings file.',
    example: 'deployment.environment.name=production,region=eu%2C1',
  }),
  rootSpan: optional({
    key: 'translate.rootSpan',
    flag: '--root-span',
    argument: '',
    kind: onOff(),
    defaultText: 'off; on in demo',
    commands: TRANSLATING,
    description:
      'Gather the several roots of a trace, one for each HTTP call of a client command, under one root span.',
    example: 'true',
  }),
  traceQuiet: setting({
    key: 'translate.traceQuiet',
    flag: '--trace-quiet',
    argument: '<duration>',
    kind: duration(),
    default: 30_000,
    commands: TRANSLATING,
    description:
      'How long a trace is silent before it is taken to be over: then its root span is made, and what --drop names and has no children is dropped.',
    example: '1m',
  }),
};

const secrets = {
  mask: setting({
    key: 'translate.mask',
    flag: '--mask',
    argument: '<mode>',
    kind: oneOf('on', 'strict', 'off'),
    default: 'on',
    commands: TRANSLATING,
    description:
      'on replaces secrets by ***; strict leaves out function arguments altogether; off sends everything.',
    example: 'strict',
  }),
  sqlParameters: setting({
    key: 'translate.sqlParameters',
    flag: '--sql-parameters',
    argument: '',
    kind: onOff(),
    default: false,
    commands: TRANSLATING,
    description: 'Keep the parameters of SQL statements, masked.',
    example: 'true',
  }),
  results: setting({
    key: 'translate.results',
    flag: '--results',
    argument: '',
    kind: onOff(),
    default: false,
    commands: TRANSLATING,
    description: 'Keep the results of functions and SQL statements, masked.',
    example: 'true',
  }),
};

const bounds = {
  maxOpenPoints: setting({
    key: 'translate.maxOpenPoints',
    flag: '--max-open-points',
    argument: '<count>',
    kind: count(1, 10_000_000),
    default: 10_000,
    commands: TRANSLATING,
    description:
      'The most trace points that wait for their other half; past it the oldest leave as incomplete spans.',
    example: '50000',
  }),
  maxOpenBytes: setting({
    key: 'translate.maxOpenBytes',
    flag: '--max-open-bytes',
    argument: '<size>',
    kind: size(64 * 1024, 64 * 2 ** 30),
    default: 64 * 2 ** 20,
    commands: TRANSLATING,
    description: 'The most bytes of notifications that wait for their other half.',
    example: '256MiB',
  }),
  pairTimeout: setting({
    key: 'translate.pairTimeout',
    flag: '--pair-timeout',
    argument: '<duration>',
    kind: duration(),
    default: 3_600_000,
    commands: TRANSLATING,
    description: 'How long a half waits for the other before it leaves as an incomplete span.',
    example: '2h',
  }),
  attributeValueLengthLimit: setting({
    key: 'translate.attributeValueLengthLimit',
    flag: '--attribute-value-length-limit',
    argument: '<count>',
    kind: count(0, 2 ** 24),
    default: 4096,
    otel: ['OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT'],
    commands: TRANSLATING,
    description: 'Characters at which attribute values are cut.',
    example: '16384',
  }),
  attributeCountLimit: setting({
    key: 'translate.attributeCountLimit',
    flag: '--attribute-count-limit',
    argument: '<count>',
    kind: count(0, 65_535),
    default: 128,
    otel: ['OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', 'OTEL_ATTRIBUTE_COUNT_LIMIT'],
    commands: TRANSLATING,
    description: 'The most attributes of a span.',
    example: '64',
  }),
};

const choice = {
  drop: setting({
    key: 'translate.drop',
    flag: '--drop',
    argument: '<names>',
    kind: list('names of trace points, separated by commas'),
    default: [],
    commands: TRANSLATING,
    description: 'Names of trace points that make no span, separated by commas. May be repeated.',
    example: 'db,neutron.db',
  }),
  dropSqlShorterThan: optional({
    key: 'translate.dropSqlShorterThan',
    flag: '--drop-sql-shorter-than',
    argument: '<duration>',
    kind: duration(),
    defaultText: 'every statement is kept',
    commands: TRANSLATING,
    description: 'SQL statements that took less and did not fail make no span.',
    example: '5ms',
  }),
  sampler: setting({
    key: 'translate.sampler',
    flag: '--sampler',
    argument: '<name>',
    kind: oneOf(...SAMPLERS),
    default: 'always_on',
    otel: ['OTEL_TRACES_SAMPLER'],
    commands: TRANSLATING,
    description: 'Which traces are exported: all, none, or by their id the part that --sampler-arg says.',
    example: 'traceidratio',
  }),
  samplerArg: setting({
    key: 'translate.samplerArg',
    flag: '--sampler-arg',
    argument: '<ratio>',
    kind: decimal(0, 1, 'a number from 0 to 1'),
    default: 1,
    otel: ['OTEL_TRACES_SAMPLER_ARG'],
    commands: TRANSLATING,
    description: 'The part of all traces, 0 to 1, that traceidratio keeps.',
    example: '0.1',
  }),
  maxSpansPerTrace: setting({
    key: 'translate.maxSpansPerTrace',
    flag: '--max-spans-per-trace',
    argument: '<count>',
    kind: count(0),
    default: 0,
    defaultText: '0, no limit',
    commands: TRANSLATING,
    description: 'The most spans of one trace; what follows is left out and counted.',
    example: '50000',
  }),
};

export const TRANSLATE = { ...shape, ...secrets, ...bounds, ...choice };
