/** The texts of `--help`: synopses, examples and exit statuses. */
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
    summary: 'consume notifications from RabbitMQ and export them until stopped (the default)',
    description:
      "Consumes osprofiler's notifications from RabbitMQ, translates them to OpenTelemetry spans and exports these over OTLP, until it is stopped by SIGTERM or SIGINT. A notification is acknowledged only after the backend has accepted its span.",
    examples: [
      [`${PROGRAM}`, 'broker and OTLP backend on this machine'],
      [
        'OSPROFILER_BRIDGE_TRANSPORT_URL=rabbit://nova:secret@rabbit:5672/ \\\n' +
          `    ${PROGRAM} --mode tap --endpoint http://collector:4318`,
        'beside another consumer of the queue',
      ],
      [`${PROGRAM} --config bridge.yaml --print-config`, 'which settings are in force, and why'],
    ],
  },
  shard: {
    synopsis: '[settings]',
    summary: 'spread notifications over shards, for several bridges to consume',
    description:
      'Moves notifications from the queue to shards, which are durable queues of the bridge; all notifications of a trace go to the same shard. run --shards auto consumes them, on any number of machines. Any number of sharders can consume one queue. A notification is acknowledged when the broker has confirmed it in its shard.',
    examples: [
      [`${PROGRAM} shard --shard-count 8`, 'declares eight shards unless there are some'],
      [`${PROGRAM} run --shards auto`, 'on each machine that exports'],
    ],
  },
  reshard: {
    synopsis: '[settings]',
    summary: 'change the number of shards, while everything runs',
    description:
      'Declares the new shards, switches sharders and bridges over, moves the messages of the former shards, and deletes these. If it is interrupted nothing is lost; run again, it finishes what it began.',
    examples: [[`${PROGRAM} reshard --shard-count 16`, 'whatever their number is now']],
  },
  replay: {
    synopsis: '[settings] <FILE>... | -',
    takesOperands: 'FILE, or - for stdin',
    summary: 'export recorded notifications',
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
    summary: 'record notifications as they pass; other consumers are not affected',
    description:
      'Binds a temporary queue beside those of other consumers and writes each message as a line of JSON, for replay. Notifications contain secrets: keep the recording safe.',
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
    summary: 'show and export a real trace that comes with this package',
    description:
      'Shows the recording of OpenStack booting a server as a tree, and exports it if an endpoint is set, to try a backend. At a terminal it then serves the trace as a page until Ctrl-C; --no-serve exits at once. Without a terminal, or with CI set, it exits by itself; --serve serves there too. No broker is needed.',
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
      "Prints the id under which a backend has the trace of a command, and a link to it if --ui-url is set. osprofiler's base_id and the trace id are the same 128 bits.",
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
    summary: 'print the signed headers that make OpenStack profile a request',
    description:
      "Prints the headers X-Trace-Info and X-Trace-HMAC, which make OpenStack's services profile the request that carries them. Without --base-id and --traceparent a new trace begins; its id is logged.",
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
    summary: 'list dead-lettered notifications, move them back, or purge them',
    description:
      'Notifications that can never become spans, or whose span the backend refused for good, are moved to a dead-letter queue with the reason. list prints one line per message: reason, exchange, routing key, queue, size and detail, separated by tabs; the messages stay there. replay moves them back to the queues that they came from, for when the reason is gone. purge deletes them.',
    examples: [
      [`${PROGRAM} dead-letters list`, 'what is there, and why'],
      [`${PROGRAM} dead-letters list --bodies`, 'with the messages, their secrets masked'],
      [`${PROGRAM} dead-letters replay`, 'once the backend accepts them'],
      [`${PROGRAM} dead-letters purge --yes`, 'when they are not needed'],
    ],
  },
  doctor: {
    synopsis: '[settings]',
    summary: 'check broker, queue, permissions and backend, and say what to fix',
    description:
      'Checks one by one what can be wrong with the settings of run: one line per check, ok, warn, fail or skipped, with a remedy. It sends one span to the backend, and changes nothing at the broker unless --end-to-end is passed. Exits with 8 if a check failed; warnings are no failure.',
    examples: [
      [`${PROGRAM} doctor`, 'before run, with the same settings'],
      [`${PROGRAM} doctor --end-to-end`, 'with a trace point that goes from the queue to the backend'],
      [`${PROGRAM} doctor --api-url http://api.example:8774/`, 'with the proxy that signs requests'],
      [`${PROGRAM} doctor --json | jq '.checks[] | select(.status == "fail")'`, 'for scripts'],
    ],
  },
  completion: {
    synopsis: '[settings] bash | zsh | fish',
    takesOperands: 'shell: bash, zsh or fish',
    actions: ['bash', 'zsh', 'fish'],
    summary: 'print a completion script for a shell',
    description: 'Prints a script that completes commands, settings and their values in bash, zsh or fish.',
    examples: [
      [`source <(${PROGRAM} completion bash)`, 'in ~/.bashrc; the same with zsh in ~/.zshrc'],
      [`${PROGRAM} completion fish > ~/.config/fish/completions/${PROGRAM}.fish`, 'for fish'],
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
  4      the backend has not accepted everything
  5      the drain timeout passed with exports still in flight
  6      the broker cannot be used (dead-letters, reshard; run waits for it)
  7      the HTTP server cannot listen where --listen says
  8      doctor found something to fix
  9      reshard is not finished, and can be run again
  10     this version of Node.js is too old
  11     compare: the condition of --fail-if holds
  128+n  a second signal n: exited at once (130 SIGINT, 143 SIGTERM)`;

/** The examples of a command, for its help. */
export function examplesOf(command: CommandName): string {
  const examples = COMMAND_WORDS[command].examples.map(([typed, purpose]) => `  # ${purpose}\n  ${typed}`);
  return `Examples:\n${examples.join('\n')}`;
}
