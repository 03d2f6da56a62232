/**
 * OpenTelemetry's environment variables. Source: OpenTelemetry specification, "Environment Variable Specification",
 * "OpenTelemetry Protocol Exporter" and "Declarative configuration". Those that are read are declared with the settings;
 * here are the rules for wrong values, and what becomes of all other variables. docs/otel.md is made from both.
 */
import type { CommandName, Definition } from './definition.js';
import { DEFINITIONS } from './settings.js';

/** Variables that would change something if this were an application with an SDK: whoever sets one is told. */
const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  OTEL_SDK_DISABLED:
    'a bridge that exports nothing would empty the queue; stop it, or set OTEL_TRACES_EXPORTER=none',
  OTEL_CONFIG_FILE: 'the file is not read; pass a settings file with --config',
  OTEL_BSP_MAX_QUEUE_SIZE: 'spans are not queued: notifications stay at the broker; see --max-open-points',
  OTEL_BSP_EXPORT_TIMEOUT: 'set OTEL_EXPORTER_OTLP_TIMEOUT or --export-timeout',
  OTEL_EXPORTER_PROMETHEUS_HOST: 'metrics are served at the address of --listen',
  OTEL_EXPORTER_PROMETHEUS_PORT: 'metrics are served at the address of --listen',
  OTEL_EXPORTER_OTLP_METRICS_INSECURE:
    'metrics are pushed over HTTP; http:// or https:// says whether with TLS',
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'metrics are cumulative',
  OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'histograms have explicit buckets',
};

/** Variables for what this program does not have. */
const WITHOUT_MEANING: Readonly<Record<string, string>> = {
  'OTEL_ATTRIBUTE_COUNT_LIMIT for logs, OTEL_LOGRECORD_*': 'no log records are exported',
  'OTEL_BLRP_*, OTEL_LOGS_EXPORTER, OTEL_EXPORTER_OTLP_LOGS_*': 'no log records are exported',
  'OTEL_SPAN_EVENT_COUNT_LIMIT, OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT':
    'a span has at most one event, an exception',
  'OTEL_SPAN_LINK_COUNT_LIMIT, OTEL_LINK_ATTRIBUTE_COUNT_LIMIT': 'spans have no links',
  OTEL_PROPAGATORS: 'nothing is propagated: spans are made from notifications',
  OTEL_METRICS_EXEMPLAR_FILTER: 'metrics have no exemplars',
  'OTEL_EXPORTER_ZIPKIN_*, OTEL_EXPORTER_JAEGER_*': 'these exporters do not exist here',
  OTEL_ENTITIES: 'no entities are reported',
};

/** Kinds of settings for which the specification has no such rule, and a default would send data elsewhere. */
const STRICT = /(ENDPOINT|HEADERS)$/;

/**
 * Whether a wrong value of a variable is ignored with a warning, as the specification has it for enumerations, numbers,
 * durations, booleans and resource attributes. Every other wrong setting is an error.
 */
export function isIgnoredWhenWrong(variable: string): boolean {
  return variable.startsWith('OTEL_') && !STRICT.test(variable);
}

/** A boolean of OpenTelemetry's is true for `true` alone; the words that our own variables take are wrong. */
export function isOtelBoolean(text: string): boolean {
  return /^\s*(true|false)\s*$/i.test(text);
}

const WATCHED: readonly CommandName[] = ['run', 'shard', 'replay', 'demo', 'doctor'];

/** What to tell whoever set variables that have no effect. */
export function warningsOfVariables(env: NodeJS.ProcessEnv, command: CommandName): string[] {
  if (!WATCHED.includes(command)) return [];
  const set = Object.keys(WITHOUT_EFFECT).filter((name) => (env[name] ?? '') !== '');
  return set.map((name) => `${name} has no effect: ${WITHOUT_EFFECT[name]}`);
}

const INTRODUCTION = `# OpenTelemetry's environment variables

<!-- Made by scripts/settings-doc.mjs from src/settings; do not edit. -->

The bridge is no SDK in an application: it exports spans of OpenStack's services, and metrics of its own. It reads the
variables of OpenTelemetry's specification as far as they have a meaning for that.

- Names of values are read in any case. A boolean is true for \`true\` alone.
- A wrong value is ignored with a warning, as the specification says, except of endpoints and headers: there it is an
  error, since the default would send data elsewhere.
- A flag outranks a variable; a variable outranks the settings file. Of two variables the more specific one counts.
- \`service.name\` in OTEL_RESOURCE_ATTRIBUTES, and OTEL_SERVICE_NAME, name the bridge in its own metrics. The services
  of OpenStack keep their names; \`--service-name\` and \`--resource-attributes\` change them.
- Headers that are given by flag or file replace those of the environment.
`;

/** docs/otel.md. */
export function otelDocument(): string {
  const supported = new Map<string, Definition[]>();
  for (const definition of DEFINITIONS) {
    for (const name of definition.env.filter((each) => each.startsWith('OTEL_')))
      supported.set(name, [...(supported.get(name) ?? []), definition]);
  }
  const rows = [...supported].map(
    ([name, settings]) =>
      `| \`${name}\` | ${settings.map(({ flag }) => `\`${flag}\``).join(', ')} | ${settings[0]!.kind.expected} |`,
  );
  return [
    INTRODUCTION,
    `## Read\n\n| variable | setting | value |\n|---|---|---|\n${rows.sort().join('\n')}\n`,
    `## Ignored, with a warning\n\n| variable | why, and what to do |\n|---|---|\n${table(WITHOUT_EFFECT)}\n`,
    `## Without a meaning here\n\n| variable | why |\n|---|---|\n${table(WITHOUT_MEANING)}\n`,
  ].join('\n');
}

function table(reasons: Readonly<Record<string, string>>): string {
  const quote = (names: string) => names.replace(/OTEL_[A-Z_*]+/g, '`$&`');
  return Object.entries(reasons)
    .map(([name, reason]) => `| ${quote(name)} | ${quote(reason)} |`)
    .join('\n');
}
