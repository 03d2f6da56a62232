/** The words of `--help`: synopses, examples and exit statuses. */
import type { CommandName } from '../settings/definition.js';

export const PROGRAM = 'osprofiler-otel-bridge';

interface CommandWords {
  readonly synopsis: string;
  /** What the command needs beside its flags; absent when it takes nothing. */
  readonly takesOperands?: string;
  /** The words that the one operand may be; absent when operands are the user's own. */
  readonly actions?: readonly string[];
  readonly summary: string;
  readonly description: string;
  /** What is typed, and what it is for. */
  readonly examples: readonly (readonly [command: string, purpose: string])[];
}

export const COMMAND_WORDS: Readonly<Record<CommandName, CommandWords>> = {
  run: {
    synopsis: '[settings]',
    summary: 'translate notifications from RabbitMQ and export them until stopped (the default)',
    description:
      "Reads osprofiler's notifications from RabbitMQ, makes OpenTelemetry spans of them and exports these over OTLP, until it is stopped by SIGTERM or SIGINT. A notification is acknowledged when the backend has taken its span.",
    examples: [
      [`${PROGRAM}`, 'broker and OTLP backend on this machine'],
      [
        'OSPROFILER_BRIDGE_TRANSPORT_URL=rabbit://nova:secret@rabbit:5672/ \\\n' +
          `    ${PROGRAM} --mode tap --endpoint http://collector:4318`,
        'beside another reader of the queue',
      ],
      [`${PROGRAM} --config bridge.yaml --print-config`, 'what would be in force, and why'],
    ],
  },
  shard: {
    synopsis: '[settings]',
    summary: 'spread notifications over shards, for many bridges to read',
    description:
      'Moves notifications from the queue to shards, durable queues of our own, all of one trace to the same one; run --shards auto reads them, on as many machines as it takes. Any number of sharders can read one queue. A notification is acknowledged when the broker has confirmed it in its shard.',
    examples: [
      [`${PROGRAM} shard --shard-count 8`, 'makes eight shards unless there are some'],
      [`${PROGRAM} run --shards auto`, 'on each machine that exports'],
    ],
  },
  reshard: {
    synopsis: '[settings]',
    summary: 'change the number of shards, while everything runs',
    description:
      'Makes the new shards, has everybody change over, moves what is in the former ones, and removes these. When it is interrupted nothing is lost; run again, it finishes what it began.',
    examples: [[`${PROGRAM} reshard --shard-count 16`, 'from however many there are']],
  },
  replay: {
    synopsis: '[settings] <FILE>... | -',
    takesOperands: 'FILE, or - for stdin',
    summary: 'translate recorded notifications and export them',
    description:
      'Reads recorded notifications, plain or gzip; - is stdin. It reads what record writes, notifications one per line, JSON lists of them, reports of osprofiler trace show --json or --html, answers and _source objects of Elasticsearch, the JSON of rabbitmqadmin get, and numbered lines of redis-cli. Otherwise it does what run does, once. A report without raw payloads has no absolute times: it begins in 1970, and --shift moves it to now.',
    examples: [
      [`${PROGRAM} replay --shift boot.ndjson.gz`, 'as if it happened now'],
      [`${PROGRAM} replay --exporter console boot.ndjson`, 'spans on stdout'],
      [`zcat *.gz | ${PROGRAM} replay --speed 1 -`, 'at the pace of the recording'],
    ],
  },
  record: {
    synopsis: '[settings]',
    summary: 'record notifications as they pass, without taking them from anybody',
    description:
      'Binds a temporary queue beside those of other readers and writes what comes, a line each, for replay. The notifications hold secrets: keep the recording safe.',
    examples: [
      [`${PROGRAM} record --output boot.ndjson`, 'until stopped by Ctrl-C'],
      [`${PROGRAM} record --limit 1000 | gzip > some.ndjson.gz`, 'the next thousand'],
    ],
  },
  report: {
    synopsis: '[settings] <FILE>... | -',
    takesOperands: 'FILE, a directory, or - for stdin',
    summary: 'say why the traces of recordings were slow',
    description:
      'Reads recordings as replay does, and prints the critical path of the longest trace, the operations by own time, the queries that are repeated, and the errors. Nothing is exported.',
    examples: [
      [`${PROGRAM} report boot.ndjson.gz`, 'one recorded command'],
      [`${PROGRAM} report --json boot.ndjson | jq '.traces[].repeatedQueries[0]'`, 'for scripts'],
    ],
  },
  compare: {
    synopsis: '[settings] <BEFORE> <AFTER>',
    takesOperands: 'BEFORE and AFTER, each a file or a directory of files',
    summary: 'compare recordings by operation',
    description:
      'Reads recordings as replay does, and prints which operations are new, gone, slower or faster, the largest change of own time first. With several traces on one side, medians are compared. Nothing is exported.',
    examples: [
      [`${PROGRAM} compare before.ndjson.gz after.ndjson.gz`, 'two recorded commands'],
      [
        `${PROGRAM} compare --fail-if 'slower>20%' nightly/ today/`,
        'a gate: ends with 11 when something became slower',
      ],
    ],
  },
  demo: {
    synopsis: '[settings]',
    summary: 'export a real trace that comes with this package',
    description:
      'Exports the recording of a server being booted by OpenStack, to try a backend with, and shows it as a tree. At a terminal it then serves it as a page, prints the address, and keeps serving until Ctrl-C; --no-serve ends at once. Without a terminal, or with CI set, it ends by itself; --serve serves there too. No broker is needed.',
    examples: [
      [`${PROGRAM} demo --endpoint http://localhost:4318`, 'to a collector on this machine'],
      [`${PROGRAM} demo --exporter console`, 'to look at the spans'],
      [`${PROGRAM} demo --no-serve`, 'the tree alone'],
    ],
  },
  'trace-id': {
    synopsis: '[settings] <UUID>...',
    takesOperands: 'UUID',
    summary: 'print the OpenTelemetry trace id for what openstack --os-profile printed',
    description:
      "Prints the trace id under which a backend has the trace of a command, and a link to it when --ui-url says where. osprofiler's base_id and the trace id are the same 128 bits.",
    examples: [
      [`${PROGRAM} trace-id 3361aef1-cc62-49e1-8afc-09b0f8495fb6`, '3361aef1cc6249e18afc09b0f8495fb6'],
      [
        `${PROGRAM} trace-id --ui-url 'http://jaeger:16686/trace/{traceId}' 3361aef1-cc62-49e1-8afc-09b0f8495fb6`,
        'with a link',
      ],
    ],
  },
  headers: {
    synopsis: '[settings]',
    summary: 'print the signed headers with which a request to OpenStack is profiled',
    description:
      "Prints the headers X-Trace-Info and X-Trace-HMAC, which make OpenStack's services profile the request that carries them. Without --base-id and --traceparent a fresh trace begins; its id is logged.",
    examples: [
      [
        `export OSPROFILER_BRIDGE_HMAC_KEYS=SECRET_KEY\n  curl $(${PROGRAM} headers) http://controller:8774/v2.1/servers`,
        'one request, profiled',
      ],
      [
        `${PROGRAM} headers --hmac-key-file keys --format plain \\\n` +
          '    --traceparent 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        "below another tracer's span",
      ],
    ],
  },
  'dead-letters': {
    synopsis: '[settings] list | replay | purge',
    takesOperands: 'action: list, replay or purge',
    actions: ['list', 'replay', 'purge'],
    summary: 'look at notifications that were set aside, move them back, or throw them away',
    description:
      'Notifications that can never become spans, or that the backend refused for good, are set aside in a queue with the reason. list shows them, a line each: reason, exchange, routing key, queue, size and detail, separated by tabs; it leaves them where they are. replay moves them back to the queues that they came from, for when the reason is gone. purge throws them away.',
    examples: [
      [`${PROGRAM} dead-letters list`, 'what is there, and why'],
      [`${PROGRAM} dead-letters list --bodies`, 'with the messages, their secrets masked'],
      [`${PROGRAM} dead-letters replay`, 'once the backend takes them'],
      [`${PROGRAM} dead-letters purge --yes`, 'when nobody wants them'],
    ],
  },
  doctor: {
    synopsis: '[settings]',
    summary: 'check broker, queue, permissions and backend, and say what to put right',
    description:
      'Takes the settings of run, and checks one by one what can be wrong with them: a line each, ok, warn, fail or skipped, with a remedy. It sends one span to the backend, and changes nothing at the broker, unless --end-to-end says so. Ends with 8 when something failed; warnings are no failure.',
    examples: [
      [`${PROGRAM} doctor`, 'before run, with the same settings'],
      [`${PROGRAM} doctor --end-to-end`, 'with a trace point from the queue to the backend'],
      [`${PROGRAM} doctor --api-url http://api.example:8774/`, 'with the proxy that signs requests'],
      [`${PROGRAM} doctor --json | jq '.checks[] | select(.status == "fail")'`, 'for scripts'],
    ],
  },
};

export const SETTINGS_NOTE = `
Settings come from flags, then environment variables, then the YAML file that --config
names, then defaults. A variable that is empty counts as unset. A switch is turned off by
--no-<name>. Durations are 250ms, 30s, 5m, 1h or 2d; sizes 512k or 64MiB.`;

export const EXIT_STATUSES = `
Exit status:
  0      done
  1      unexpected failure (a bug)
  2      wrong settings or usage, or a settings file that cannot be read
  3      a recording cannot be read or written
  4      not everything was taken by the backend
  5      the drain deadline passed with exports still on their way
  6      the broker cannot be used (dead-letters, reshard; run waits for it)
  7      the HTTP server cannot listen where --listen says
  8      doctor found something to put right
  9      reshard is not finished, and can be run again
  10     this version of Node.js is too old
  11     compare: the condition of --fail-if holds
  128+n  a second signal n: left at once (130 SIGINT, 143 SIGTERM)`;

/** The examples of a command, for its help. */
export function examplesOf(command: CommandName): string {
  const examples = COMMAND_WORDS[command].examples.map(([typed, purpose]) => `  # ${purpose}\n  ${typed}`);
  return `Examples:\n${examples.join('\n')}`;
}
