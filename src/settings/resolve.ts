/** From the flat table of values to the nested `Settings`, with the rules that join several settings. */

import { type ResolvedUrl, resolveOtlpUrl } from './otlp-url.js';
import type { Problem } from './problems.js';
import type { Settings } from './settings.js';
import { type Origin, RANK, type SettingName, type Values } from './values.js';

export interface Resolved {
  readonly settings: Settings;
  /** What is wrong with settings that are right each by itself. */
  readonly problems: readonly Problem[];
}

type Origins = Readonly<Record<SettingName, Origin>>;

/** @param operands what stands beside the flags: files, UUIDs, an action */
export function resolveSettings(values: Values, origins: Origins, operands: readonly string[]): Resolved {
  const { url, urlIsDefault, problem } = resolveUrl(values, origins);
  const problems = [...checkBrokers(origins), ...checkClientCertificate(values, origins)];
  if (problem !== undefined) problems.push(problem);
  const { metrics, problems: wrongMetrics } = resolveMetrics(values, origins);
  problems.push(...wrongMetrics);
  const settings: Settings = {
    broker: broker(values, origins),
    sharding: {
      ...present({ shards: values.shards }),
      layout: {
        shards: values.shardCount,
        exchange: values.shardExchange,
        queueType: values.shardQueueType,
      },
      patienceMs: values.reshardPatience,
    },
    wire: { maxMessageBytes: values.maxMessageBytes },
    translate: translate(values),
    exporter: {
      kind: values.exporterKind,
      protocol: values.protocol,
      url,
      urlIsDefault,
      headers: values.headers,
      timeoutMs: values.timeout,
      compression: values.compression,
      tls: present({ caFile: values.caFile, certFile: values.certFile, keyFile: values.keyFile }),
      batch: {
        maxSize: values.batchMaxSize,
        delayMs: values.batchDelay,
        maxInFlight: values.batchMaxInFlight,
        maxBytes: values.batchMaxBytes,
      },
    },
    replay: {
      files: operands,
      shift: values.shift,
      ...present({ speed: values.speed, progress: values.progress }),
    },
    record: { output: values.output, ...present({ limit: values.limit }) },
    page: { maxTraces: values.pageTraces, maxSpans: values.pageSpans, maxBytes: values.pageMemory },
    demo: { sql: values.demoSql, ...present({ serve: values.serve }) },
    traceId: { uuids: operands, ...present({ uiUrl: values.uiUrl }) },
    headers: {
      hmacKeys: values.hmacKeys,
      format: values.headersFormat,
      ...present({
        hmacKeyFile: values.hmacKeyFile,
        baseId: values.headersBaseId,
        traceparent: values.headersTraceparent,
      }),
    },
    deadLetters: { action: operands[0] ?? '', bodies: values.bodies, yes: values.yes },
    ...present({ listen: values.listen }),
    metrics,
    doctor: { json: values.json, endToEnd: values.endToEnd, checkTimeoutMs: values.checkTimeout },
    drainTimeoutMs: values.drainTimeout,
    log: { level: values.logLevel, format: values.logFormat },
  };
  return { settings, problems };
}

/** URLs in a file, or in the services' own files, take the default's place; a file outranks what it excludes. */
function broker(values: Values, origins: Origins): Settings['broker'] {
  const fromFile = origins.transportUrlFile.layer !== 'default';
  const urlsOutrank = RANK[origins.transportUrls.layer] > RANK[origins.transportUrlFile.layer];
  const hasOwn = origins.transportUrls.layer !== 'default';
  const useFile = fromFile && !urlsOutrank;
  const useUrls = hasOwn ? !useFile : !fromFile && values.osloConfigFiles.length === 0;
  return {
    transportUrls: useUrls ? values.transportUrls : [],
    ...present({ transportUrlFile: useFile ? values.transportUrlFile : undefined }),
    osloConfigFiles: values.osloConfigFiles,
    mode: values.mode,
    queue: values.queue,
    tapQueue: values.tapQueue,
    exchanges: values.exchanges,
    routingKeys: values.routingKeys,
    ...present({ prefetch: values.prefetch }),
    deadLetters: values.deadLetters,
    deadLetterQueue: values.deadLetterQueue,
    maxDeadLetters: values.maxDeadLetters,
    renewAfterMs: values.renewAfter,
    renewAtDeliveries: values.renewAtDeliveries,
  };
}

function translate(values: Values): Settings['translate'] {
  return {
    serviceName: values.serviceName,
    dbSystem: values.dbSystem,
    maxOpenPoints: values.maxOpenPoints,
    maxOpenBytes: values.maxOpenBytes,
    pairTimeoutMs: values.pairTimeout,
    attributeValueLengthLimit: values.attributeValueLengthLimit,
    attributeCountLimit: values.attributeCountLimit,
    resourceAttributes: values.resourceAttributes,
    mask: values.mask,
    sqlParameters: values.sqlParameters,
    results: values.results,
    ...present({ rootSpan: values.rootSpan }),
    traceQuietMs: values.traceQuiet,
    drop: values.drop,
    ...present({ dropSqlShorterThanMs: values.dropSqlShorterThan }),
    sampleRatio: sampleRatio(values),
    maxSpansPerTrace: values.maxSpansPerTrace,
    keepErrors: values.keep.errors,
    ...present({ keepSlowerThanMs: values.keep.slowerThanMs }),
    keepRatio: values.keepRatio,
    keepDeadlineMs: values.keepDeadline,
    keepMaxPoints: values.keepMaxPoints,
    keepMaxBytes: values.keepMaxBytes,
  };
}

function sampleRatio({ sampler, samplerArg }: Values): number {
  if (sampler.endsWith('always_off')) return 0;
  return sampler.endsWith('traceidratio') ? samplerArg : 1;
}

/** Where spans go. */
function resolveUrl(values: Values, origins: Origins): ResolvedUrl {
  return resolveOtlpUrl({
    general: { value: values.endpoint, origin: origins.endpoint },
    own: { value: values.tracesEndpoint, origin: origins.tracesEndpoint },
    protocol: values.protocol,
    path: '/v1/traces',
    insecure: values.insecure,
  });
}

interface ResolvedMetrics {
  readonly metrics: Settings['metrics'];
  readonly problems: readonly Problem[];
}

function resolveMetrics(values: Values, origins: Origins): ResolvedMetrics {
  const { metricsExporters, metricsProtocol: protocol } = values;
  const { url, problem } = resolveOtlpUrl({
    general: { value: values.endpoint, origin: origins.endpoint },
    own: { value: values.metricsEndpoint, origin: origins.metricsEndpoint },
    protocol,
    path: '/v1/metrics',
    insecure: false,
  });
  const metrics = {
    prometheus: metricsExporters.includes('prometheus'),
    otlp: metricsExporters.includes('otlp'),
    protocol,
    url,
    headers: values.metricsHeaders,
    timeoutMs: Math.min(values.metricsTimeout, values.metricsInterval),
    intervalMs: values.metricsInterval,
  };
  // What is not pushed may be written in any way: the same variables are for spans.
  if (!metrics.otlp) return { metrics, problems: [] };
  const { name: where } = origins.metricsProtocol;
  const expected = 'metrics are pushed over HTTP only: set --metrics-protocol and --metrics-endpoint';
  if (protocol === 'grpc') return { metrics, problems: [{ where, value: protocol, expected }] };
  return { metrics, problems: problem === undefined ? [] : [problem] };
}

function checkBrokers({ transportUrls, transportUrlFile }: Origins): Problem[] {
  const isClash = transportUrls.layer !== 'default' && transportUrls.layer === transportUrlFile.layer;
  if (!isClash) return [];
  return [{ where: transportUrlFile.name, expected: `cannot be used together with ${transportUrls.name}` }];
}

function checkClientCertificate({ certFile, keyFile }: Values, origins: Origins): Problem[] {
  if ((certFile === undefined) === (keyFile === undefined)) return [];
  const [has, lacks] =
    certFile === undefined ? ['keyFile', '--client-cert-file'] : ['certFile', '--client-key-file'];
  const where = origins[has as SettingName].name;
  return [{ where, expected: `a client's certificate and key go together: ${lacks} is missing` }];
}

type Present<T> = { [K in keyof T]?: NonNullable<T[K]> };

/** Without the keys whose value is undefined. */
function present<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>;
}
