/**
 * Every setting of the sidecar: the type that the commands read. Durations are milliseconds, sizes bytes. What each is
 * called, and what it may be, is declared once, in {@link SETTINGS}.
 */

import type { WantedLayout } from '../rabbitmq/shard-names.js';
import type { ListenAddress } from './listen-address.js';
import type { ShardChoice } from './sharding.js';

export { SETTINGS } from './values.js';

/** The value of every setting, whatever it came from; nested by the room that uses it. */
export interface Settings {
  readonly broker: BrokerSettings;
  readonly sharding: ShardingSettings;
  readonly wire: { readonly maxMessageBytes: number };
  readonly translate: TranslateSettings;
  readonly exporter: ExporterSettings;
  readonly page: PageSettings;
  readonly replay: ReplaySettings;
  readonly record: RecordSettings;
  readonly demo: DemoSettings;
  readonly traceId: TraceIdSettings;
  readonly headers: HeadersSettings;
  readonly deadLetters: DeadLettersSettings;
  /** Where the HTTP server listens; absent: as the command has it by default. */
  readonly listen?: ListenAddress | 'none';
  readonly metrics: MetricsSettings;
  readonly doctor: DoctorSettings;
  readonly drainTimeoutMs: number;
  readonly log: LogSettings;
}

export interface BrokerSettings {
  /** oslo.messaging transport URLs, one a broker. Secret. Empty when `transportUrlFile` or `osloConfigFiles` says where. */
  readonly transportUrls: readonly string[];
  /** A file with one transport URL a line, instead of `transportUrls`. */
  readonly transportUrlFile?: string;
  /** Configuration files of OpenStack services, whose `transport_url` is read. */
  readonly osloConfigFiles: readonly string[];
  /** `drain` consumes the queue that the services make; `tap` has a queue of its own. */
  readonly mode: 'drain' | 'tap';
  readonly queue: string;
  readonly tapQueue: string;
  readonly exchanges: readonly string[];
  readonly routingKeys: readonly string[];
  /** Unacknowledged deliveries at once, 1..65535; derived from the other bounds when absent. */
  readonly prefetch?: number;
  /** Set aside what can never become a span; otherwise the broker discards it. */
  readonly deadLetters: boolean;
  readonly deadLetterQueue: string;
  readonly maxDeadLetters: number;
  /** Milliseconds after which an open delivery is renewed. */
  readonly renewAfterMs: number;
  /** Earlier deliveries by a quorum queue at which an open delivery is renewed at once. */
  readonly renewAtDeliveries: number;
}

export interface ShardingSettings {
  /** What `run` consumes instead of the queue; absent: the queue. */
  readonly shards?: ShardChoice;
  /** What `shard` makes when there is nothing yet, and `reshard` changes to. */
  readonly layout: WantedLayout;
  /** How long nothing may move before `reshard` gives up. */
  readonly patienceMs: number;
}

export type MaskMode = 'on' | 'strict' | 'off';

export interface TranslateSettings {
  /** A template such as `{project}-{service}`; empty: the mapping's own rule. */
  readonly serviceName: string;
  readonly dbSystem: string;
  readonly maxOpenPoints: number;
  readonly maxOpenBytes: number;
  readonly pairTimeoutMs: number;
  /** Characters. */
  readonly attributeValueLengthLimit: number;
  readonly attributeCountLimit: number;
  readonly resourceAttributes: Readonly<Record<string, string>>;
  readonly mask: MaskMode;
  readonly sqlParameters: boolean;
  readonly results: boolean;
  /** Absent: off, but on in `demo`. */
  readonly rootSpan?: boolean;
  /** How long a trace is silent before it is taken to be over. */
  readonly traceQuietMs: number;
  /** Names of trace points that make no span. */
  readonly drop: readonly string[];
  readonly dropSqlShorterThanMs?: number;
  /** 0..1, the part of all traces that is exported. */
  readonly sampleRatio: number;
  /** 0: no cap. */
  readonly maxSpansPerTrace: number;
  /** Keep traces with errors, or slower than a bound, and a ratio of the others; neither: all. */
  readonly keepErrors: boolean;
  readonly keepSlowerThanMs?: number;
  readonly keepRatio: number;
  readonly keepDeadlineMs: number;
  readonly keepMaxPoints: number;
  readonly keepMaxBytes: number;
}

export type OtlpProtocol = 'http/json' | 'http/protobuf' | 'grpc';

export interface ExporterSettings {
  readonly kind: 'otlp' | 'console' | 'none';
  readonly protocol: OtlpProtocol;
  /** Where spans go, complete: with `/v1/traces` over HTTP. */
  readonly url: string;
  /** Nobody said where: `url` is OpenTelemetry's default. */
  readonly urlIsDefault: boolean;
  /** Values are secret. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly compression: 'none' | 'gzip';
  /** Paths of PEM files. */
  readonly tls: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
  readonly batch: BatchSettings;
}

export interface BatchSettings {
  /** Spans. */
  readonly maxSize: number;
  readonly delayMs: number;
  /** Batches on their way at once. */
  readonly maxInFlight: number;
  readonly maxBytes: number;
}

/** Of the sidecar's own metrics. */
export interface MetricsSettings {
  /** Served at /metrics. */
  readonly prometheus: boolean;
  /** Pushed over OTLP; then `protocol` is one of HTTP's. */
  readonly otlp: boolean;
  readonly protocol: OtlpProtocol;
  /** Complete, with `/v1/metrics`. */
  readonly url: string;
  /** Values are secret. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly intervalMs: number;
}

/** Bounds of what the page keeps; see `RecentTraces`. */
export interface PageSettings {
  readonly maxTraces: number;
  readonly maxSpans: number;
  readonly maxBytes: number;
}

export interface ReplaySettings {
  /** Paths; `-` is stdin. */
  readonly files: readonly string[];
  /** Move the recording's times so that it ends now. */
  readonly shift: boolean;
  /** 1: the recording's own pace; absent: as fast as possible. */
  readonly speed?: number;
  /** Show progress; absent: when stderr is a terminal. */
  readonly progress?: boolean;
}

export interface RecordSettings {
  /** A path; `-` is stdout. */
  readonly output: string;
  /** Stop after so many notifications. */
  readonly limit?: number;
}

export interface DemoSettings {
  /** Show the SQL statements too. */
  readonly sql: boolean;
  /** Keep serving the page; absent: when somebody sits at a terminal. */
  readonly serve?: boolean;
}

export interface TraceIdSettings {
  /** What `openstack --os-profile` printed. */
  readonly uuids: readonly string[];
  /** A template with `{traceId}`. */
  readonly uiUrl?: string;
}

export interface HeadersSettings {
  /** Secret. The first one signs. */
  readonly hmacKeys: readonly string[];
  /** A file with the keys instead. */
  readonly hmacKeyFile?: string;
  /** A UUID with or without dashes: the trace. */
  readonly baseId?: string;
  /** W3C's, well formed: the trace and the enclosing span. */
  readonly traceparent?: string;
  readonly format: 'curl' | 'plain' | 'json';
}

export interface DeadLettersSettings {
  /** `list`, `replay` or `purge`. */
  readonly action: string;
  /** Show the bodies, masked. */
  readonly bodies: boolean;
  /** Throw away without asking back. */
  readonly yes: boolean;
}

export interface DoctorSettings {
  /** Print JSON. */
  readonly json: boolean;
  /** Publish a trace point and see it exported. */
  readonly endToEnd: boolean;
  /** Of each check. */
  readonly checkTimeoutMs: number;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LogSettings {
  readonly level: LogLevel;
  /** `auto`: pretty on a terminal, JSON lines otherwise. */
  readonly format: 'auto' | 'json' | 'pretty';
}
