/** What follows from several settings together, and what is wrong only in combination. */
import { type OriginOf, RANK } from './origin.js';
import { type ResolvedUrl, resolveOtlpUrl } from './otlp-url.js';
import type { Problem } from './problems.js';
import type { GivenSettings, Settings } from './settings.js';

export interface DerivedSettings {
  readonly settings: Settings;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

export function deriveSettings(
  given: GivenSettings,
  originOf: OriginOf,
  { operands = [], env }: { readonly operands?: readonly string[]; readonly env: NodeJS.ProcessEnv },
): DerivedSettings {
  const { translate, exporter, metrics } = given;
  const { problem: wrongUrl, ...destination } = tracesUrl(given, originOf);
  const { problem: wrongMetricsUrl, url: metricsUrl } = resolveMetricsUrl(given, originOf);
  const pushesMetrics = metrics.exporters.includes('otlp');
  const { attributes: resourceAttributes, warnings } = spanResource(translate, originOf);
  const { errors: keepErrors, slowerThanMs } = translate.keep;
  const settings: Settings = {
    ...given,
    operands,
    broker: { ...chooseBrokers(given.broker, originOf), osloEnvironment: osloVariables(env) },
    translate: {
      ...translate,
      resourceAttributes,
      sampleRatio: sampleRatio(translate),
      keepErrors,
      ...(slowerThanMs === undefined ? {} : { keepSlowerThanMs: slowerThanMs }),
    },
    exporter: { ...exporter, ...destination },
    log: { ...given.log, level: logLevel(given.log, originOf) },
    metrics: {
      ...metrics,
      prometheus: metrics.exporters.includes('prometheus'),
      otlp: pushesMetrics,
      url: metricsUrl,
      resourceAttributes: {
        ...translate.resourceAttributes,
        ...(metrics.serviceName === undefined ? {} : { 'service.name': metrics.serviceName }),
      },
      timeoutMs: Math.min(metrics.timeoutMs, metrics.intervalMs),
    },
  };
  const problems = [
    checkBrokers(originOf),
    checkClientCertificate(exporter.tls, originOf),
    checkVerbosity(given.log, originOf),
    wrongUrl,
    // The variables are those of spans too: they are wrong for metrics only if metrics are pushed.
    pushesMetrics ? (checkMetricsProtocol(metrics, originOf) ?? wrongMetricsUrl) : undefined,
  ];
  return { settings, problems: problems.filter((problem) => problem !== undefined), warnings };
}

/** A file of URLs, or the services' own files, replace the default URL. Of URLs and a file the higher layer counts. */
function chooseBrokers(broker: GivenSettings['broker'], originOf: OriginOf): GivenSettings['broker'] {
  const rankOf = (key: string) => RANK[originOf(key).layer];
  const ofUrls = rankOf('broker.transportUrls');
  const ofFile = rankOf('broker.transportUrlFile');
  const { transportUrlFile, ...others } = broker;
  if (ofFile > 0 && ofFile >= ofUrls) return { ...broker, transportUrls: [] };
  const hasServices = broker.osloConfigFiles.length + broker.osloConfigDirs.length > 0;
  return ofUrls === 0 && hasServices ? { ...others, transportUrls: [] } : others;
}

/** OpenStack's other variables, such as OS_PASSWORD, have no group. */
function osloVariables(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => /^OS_.*__/.test(name)));
}

/** Operators inject OTEL_RESOURCE_ATTRIBUTES with the name of the pod's service, which is not that of OpenStack's. */
function spanResource(
  { resourceAttributes }: GivenSettings['translate'],
  originOf: OriginOf,
): { attributes: Readonly<Record<string, string>>; warnings: readonly string[] } {
  const { layer, name } = originOf('translate.resourceAttributes');
  const { 'service.name': serviceName, ...others } = resourceAttributes;
  if (serviceName === undefined || layer !== 'environment') {
    return { attributes: resourceAttributes, warnings: [] };
  }
  const warning = `${name}: service.name is not applied to spans, which keep the names of their services; --service-name changes them`;
  return { attributes: others, warnings: [warning] };
}

/** --verbose and --quiet, unless --log-level was given in a higher layer. */
function logLevel({ level, verbose, quiet }: GivenSettings['log'], originOf: OriginOf): typeof level {
  const isOutranked = (key: string) => RANK[originOf(key).layer] < RANK[originOf('log.level').layer];
  if (verbose && !isOutranked('log.verbose')) return 'debug';
  return quiet && !isOutranked('log.quiet') ? 'error' : level;
}

function checkVerbosity({ verbose, quiet }: GivenSettings['log'], originOf: OriginOf): Problem | undefined {
  if (!verbose || !quiet) return undefined;
  const expected = `cannot be used together with ${originOf('log.verbose').name}`;
  return { where: originOf('log.quiet').name, expected };
}

function sampleRatio({ sampler, samplerArg }: GivenSettings['translate']): number {
  if (sampler.endsWith('always_off')) return 0;
  return sampler.endsWith('traceidratio') ? samplerArg : 1;
}

function tracesUrl({ exporter }: GivenSettings, originOf: OriginOf): ResolvedUrl {
  return resolveOtlpUrl({
    general: { value: exporter.endpoint, origin: originOf('exporter.endpoint') },
    own: { value: exporter.tracesEndpoint, origin: originOf('exporter.tracesEndpoint') },
    protocol: exporter.protocol,
    path: '/v1/traces',
    insecure: exporter.insecure,
  });
}

function resolveMetricsUrl({ exporter, metrics }: GivenSettings, originOf: OriginOf): ResolvedUrl {
  return resolveOtlpUrl({
    general: { value: exporter.endpoint, origin: originOf('exporter.endpoint') },
    own: { value: metrics.endpoint, origin: originOf('metrics.endpoint') },
    protocol: metrics.protocol,
    path: '/v1/metrics',
    insecure: false,
  });
}

function checkMetricsProtocol(
  { protocol }: GivenSettings['metrics'],
  originOf: OriginOf,
): Problem | undefined {
  if (protocol !== 'grpc') return undefined;
  const expected = 'metrics are pushed over HTTP only: set --metrics-protocol and --metrics-endpoint';
  return { where: originOf('metrics.protocol').name, value: protocol, expected };
}

function checkBrokers(originOf: OriginOf): Problem | undefined {
  const urls = originOf('broker.transportUrls');
  const file = originOf('broker.transportUrlFile');
  if (file.layer === 'default' || file.layer !== urls.layer) return undefined;
  return { where: file.name, expected: `cannot be used together with ${urls.name}` };
}

function checkClientCertificate(
  { certFile, keyFile }: GivenSettings['exporter']['tls'],
  originOf: OriginOf,
): Problem | undefined {
  if ((certFile === undefined) === (keyFile === undefined)) return undefined;
  const [given, missing] =
    certFile === undefined ? ['keyFile', '--client-cert-file'] : ['certFile', '--client-key-file'];
  const expected = `a client certificate and its key are needed together: ${missing} is missing`;
  return { where: originOf(`exporter.tls.${given}`).name, expected };
}
