/** The settings of single commands, and those that every command has. */
import { COMMANDS, declare } from './definition.js';
import { count, decimal, duration, filePath, oneOf, onOff, pattern, secrets } from './kinds.js';

const heading = 'This command';
const ofReplay = declare({ heading, commands: ['replay'] });
const ofRecord = declare({ heading, commands: ['record'] });
const ofDemo = declare({ heading, commands: ['demo'] });
const ofHeaders = declare({ heading, commands: ['headers'] });
const ofDeadLetters = declare({ heading, commands: ['dead-letters'] });
const ofDoctor = declare({ heading, commands: ['doctor'] });
const ofAll = declare({ heading: 'Running and logging', commands: COMMANDS });

const UUID = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;
/** Source: W3C Trace Context; a future version may have more fields after the flags. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;
const UI_URL = /^https?:\/\/.*\{traceId\}/;

export const replay = {
  shift: ofReplay.setting({
    kind: onOff(),
    default: false,
    description: 'Shift the times of the recording so that it ends now.',
    example: 'true',
  }),
  speed: ofReplay.optional({
    kind: { ...decimal(0.001, 1_000_000, 'a factor from 0.001 to 1000000'), argument: '<factor>' },
    defaultText: 'as fast as possible',
    description:
      'Replay at this multiple of the recorded pace: 1 is the original pace, 10 ten times as fast.',
    example: '10',
  }),
  progress: ofReplay.optional({
    kind: onOff(),
    defaultText: 'shown when stderr is a terminal',
    description: 'Show a progress bar on stderr.',
    example: 'false',
  }),
};

export const record = {
  output: ofRecord.setting({
    kind: filePath('the path of a file, or - for stdout'),
    default: '-',
    description: 'The file to write the recording to; - is stdout.',
    example: 'boot.ndjson',
  }),
  limit: ofRecord.optional({
    kind: count(1),
    defaultText: 'until stopped',
    description: 'Stop after this number of notifications.',
    example: '1000',
  }),
};

export const demo = {
  sql: ofDemo.setting({
    kind: onOff(),
    default: false,
    description: 'Show the SQL statements too: nine of ten trace points.',
    example: 'true',
  }),
  serve: ofDemo.optional({
    kind: onOff(),
    defaultText: 'when stdin and stdout are a terminal and CI is not set, or --listen is given',
    description:
      'Serve the trace as a page until SIGINT or SIGTERM; --no-serve exits after printing the tree.',
    example: 'true',
  }),
};

export const json = declare({
  heading,
  commands: ['replay', 'dead-letters', 'doctor', 'trace-id', 'report', 'compare'],
}).setting({
  kind: onOff(),
  default: false,
  description: 'Print the result as JSON: one document, or one object per line for dead-letters.',
  example: 'true',
});

export const traceId = {
  anyId: declare({ heading, commands: ['trace-id'] }).setting({
    kind: onOff(),
    default: false,
    description:
      'Accept ids that are not UUIDs. osprofiler never makes such ids, but other programs may send them; their trace id is a hash.',
    example: 'true',
  }),
  uiUrl: declare({ heading, commands: ['run', 'replay', 'trace-id', 'demo'] }).optional({
    kind: {
      ...pattern(UI_URL, 'a URL with {traceId}, such as http://jaeger:16686/trace/{traceId}'),
      argument: '<template>',
    },
    description: "URL of a trace in the backend's user interface, for links on the page and in output.",
    example: 'http://jaeger:16686/trace/{traceId}',
  }),
};

export const headers = {
  hmacKeys: ofHeaders.setting({
    commands: ['headers', 'doctor'],
    kind: secrets('keys separated by commas'),
    default: [],
    description:
      "hmac_keys of the services' [profiler] section, separated by commas. The first one signs, including the trace of doctor. A flag is visible in ps: prefer the variable or --hmac-key-file.",
    example: 'SECRET_KEY',
  }),
  hmacKeyFile: ofHeaders.optional({
    commands: ['headers', 'doctor'],
    kind: filePath(),
    description: 'A file with the keys, separated by commas or one per line, used instead of --hmac-keys.',
    example: '/run/secrets/osprofiler-hmac-keys',
  }),
  baseId: ofHeaders.optional({
    kind: { ...pattern(UUID, 'a UUID, or the 32 hexadecimal digits of a trace id'), argument: '<uuid>' },
    defaultText: 'a new trace',
    description: 'The trace that the request joins, without a parent span.',
    example: '3361aef1-cc62-49e1-8afc-09b0f8495fb6',
  }),
  traceparent: ofHeaders.optional({
    kind: {
      ...pattern(TRACEPARENT, 'a W3C traceparent such as 00-<32 digits>-<16 digits>-01'),
      argument: '<value>',
    },
    defaultText: 'a new trace',
    description: "A W3C traceparent: the request's spans become children of its span.",
    example: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  }),
  format: ofHeaders.setting({
    kind: oneOf('curl', 'plain', 'json'),
    default: 'curl',
    description:
      "curl prints -H arguments that need no quoting, plain one header per line (for curl's -H @file), json an object.",
    example: 'plain',
  }),
};

export const compare = {
  failIf: declare({ heading, commands: ['compare'] }).optional({
    kind: {
      ...pattern(/^slower>\d{1,4}(?:\.\d+)?%$/, 'slower>N%, such as slower>20%'),
      argument: '<condition>',
    },
    description:
      'End with status 11 when the own time of an operation, or what the client waited for, grew by more than this. A change of less than a thousandth of all own time does not count.',
    example: 'slower>20%',
  }),
};

export const deadLetters = {
  bodies: ofDeadLetters.setting({
    kind: onOff(),
    default: false,
    description: 'Show the messages too, secrets masked.',
    example: 'true',
  }),
  yes: ofDeadLetters.setting({
    kind: onOff(),
    default: false,
    description: 'Confirm purge.',
    example: 'true',
  }),
};

export const doctor = {
  endToEnd: ofDoctor.setting({
    kind: onOff(),
    default: false,
    description:
      'Publish one trace point to the queue, its trace signed with the first of --hmac-keys, and one through each existing exchange; consume the queue as run does and check that each span is exported. The spans stay in the backend. Whatever else is in the queue is exported too.',
    example: 'true',
  }),
  apiUrl: ofDoctor.optional({
    kind: {
      ...pattern(
        /^https?:\/\/[^\s/@]+(?:\/\S*)?$/i,
        'a URL without a user, such as http://api.example:8774/',
      ),
      argument: '<url>',
    },
    description:
      'An API of OpenStack, behind the proxy that makes signed headers of traceparent. doctor sends it a sampled request, and one signed with the first of --hmac-keys, and looks for their trace points with a tap.',
    example: 'http://api.example:8774/',
  }),
  checkTimeoutMs: ofDoctor.setting({
    kind: duration({ min: 1000 }),
    default: 5_000,
    description: 'Maximum duration of each check; five times as long for the trace point of --end-to-end.',
    example: '10s',
  }),
};

export const drainTimeoutMs = ofAll.setting({
  commands: ['run', 'shard', 'replay', 'demo'],
  kind: duration({ min: 0 }),
  default: 10_000,
  description:
    'How long a shutdown waits for exports, or publishes to shards, in flight. The process ends at most 5 s later, whatever does not answer.',
  example: '30s',
});

export const log = {
  level: ofAll.setting({
    flag: '--log-level',
    otel: ['OSPROFILER_BRIDGE_LOG_LEVEL', 'OTEL_LOG_LEVEL'],
    kind: oneOf('debug', 'info', 'warn', 'error'),
    default: 'info',
    description: 'Minimum severity of log lines, which go to stderr.',
    example: 'debug',
  }),
  format: ofAll.setting({
    flag: '--log-format',
    kind: oneOf('auto', 'json', 'pretty'),
    default: 'auto',
    description: 'json prints one JSON object per line, pretty is for people; auto is pretty on a terminal.',
    example: 'json',
  }),
  quiet: ofAll.setting({
    kind: onOff(),
    default: false,
    description: 'Log errors only, and show no progress bar: short for --log-level error --no-progress.',
    example: 'true',
  }),
  verbose: ofAll.setting({
    kind: onOff(),
    default: false,
    description: 'Log everything: short for --log-level debug.',
    example: 'true',
  }),
};

export const color = ofAll.optional({
  kind: onOff(),
  defaultText: 'on a terminal, unless NO_COLOR is set',
  description: 'Use colours in output and logs; --no-color turns them off.',
  example: 'false',
});
