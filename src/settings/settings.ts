/**
 * All settings. {@link SETTINGS} declares each one once; the type of the values follows from it. Durations are in
 * milliseconds (their names end in `Ms`), sizes in bytes.
 */
import { broker, wire } from './broker.js';
import {
  color,
  compare,
  deadLetters,
  demo,
  doctor,
  drainTimeoutMs,
  headers,
  json,
  log,
  record,
  replay,
  traceId,
} from './commands.js';
import { type CommandName, type Definition, definitionsOf, type ValuesOf } from './definition.js';
import { exporter } from './exporter.js';
import { listen, metrics, page } from './operations.js';
import { sharding } from './sharding.js';
import { translate } from './translate.js';

/** Every setting, in the order of help and documentation. */
export const SETTINGS = {
  ...{ broker, wire, sharding, translate, exporter, listen, metrics, page },
  ...{
    headers,
    replay,
    record,
    compare,
    demo,
    traceId,
    deadLetters,
    doctor,
    json,
    drainTimeoutMs,
    log,
    color,
  },
};

/** The value of each setting as it was given, or its default. */
export type GivenSettings = ValuesOf<typeof SETTINGS>;

/** Values that are computed from the given ones. */
export interface Derived {
  readonly broker: {
    /** oslo.config's variables, `OS_<GROUP>__<OPTION>`. Secret. */
    readonly osloEnvironment: Readonly<Record<string, string | undefined>>;
  };
  readonly translate: {
    /** 0..1, the ratio of all traces that is exported. */
    readonly sampleRatio: number;
    readonly keepErrors: boolean;
    readonly keepSlowerThanMs?: number;
  };
  readonly exporter: {
    /** Where spans go, complete: with `/v1/traces` over HTTP. */
    readonly url: string;
    /** No endpoint was given: `url` is OpenTelemetry's default. */
    readonly urlIsDefault: boolean;
  };
  readonly metrics: {
    /** Served at /metrics. */
    readonly prometheus: boolean;
    /** Pushed over OTLP; then `protocol` is one of HTTP's. */
    readonly otlp: boolean;
    /** Complete, with `/v1/metrics`. */
    readonly url: string;
    /** Of the resource that the metrics belong to; `service.name` if one was given. */
    readonly resourceAttributes: Readonly<Record<string, string>>;
  };
  /** The arguments beside the flags: files of `replay`, `report` and `compare`, UUIDs of `trace-id`, the action of `dead-letters`. */
  readonly operands: readonly string[];
}

/** What commands read: the values, and what follows from several of them. */
export type Settings = GivenSettings & Derived;

export type BrokerSettings = Settings['broker'];
export type TranslateSettings = Settings['translate'];
export type ExporterSettings = Settings['exporter'];
export type MetricsSettings = Settings['metrics'];
export type HeadersSettings = Settings['headers'];
export type LogSettings = Settings['log'];

/** The same for code that treats all settings alike. */
export const DEFINITIONS: readonly Definition[] = definitionsOf(SETTINGS);

/** The settings that are flags of a command. */
export function settingsOf(command: CommandName): readonly Definition[] {
  return DEFINITIONS.filter(({ commands }) => commands.includes(command));
}
