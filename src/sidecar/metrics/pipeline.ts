/** Where the sidecar's own metrics go: a scrape, a push over OTLP, both or neither. Nothing global is set. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createNoopMeter, diag, type Meter } from '@opentelemetry/api';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { defaultResource, type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  type IMetricReader,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import type { MetricsSettings } from '../../settings/settings.js';
import { PACKAGE_NAME, PACKAGE_VERSION } from '../../version.js';
import { withUnitNames } from './prometheus-names.js';

export interface MetricsPipeline {
  /** For our own instruments; without any exporter they do nothing. */
  readonly meter: Meter;
  /** For the exporters' own metrics, `otel.sdk.*`. Absent when nobody would see them. */
  readonly meterProvider?: MeterProvider;
  /** The metrics as Prometheus reads them, format 0.0.4. Absent when they are not to be scraped. */
  readonly scrape?: () => Promise<string>;
  /** Pushes what is new once more, for a moment at most. Never rejects. */
  close(): Promise<void>;
}

/** A last push must not hold up a process that was told to stop. */
const CLOSING_MS = 2_000;

/** @param attributes of the resource that metrics belong to, beside this program's name and version */
export async function createPipeline(
  settings: Omit<MetricsSettings, 'protocol'> & { readonly protocol: string },
  attributes: Readonly<Record<string, string>> = {},
): Promise<MetricsPipeline> {
  const prometheus = settings.prometheus ? new PrometheusExporter({ preventServerStart: true }) : undefined;
  const readers: IMetricReader[] = prometheus === undefined ? [] : [prometheus];
  if (settings.otlp) readers.push(await pushingReader(settings));
  if (readers.length === 0) return { meter: createNoopMeter(), close: async () => {} };
  const meterProvider = new MeterProvider({ resource: ownResource(attributes), readers });
  return {
    meter: meterProvider.getMeter(PACKAGE_NAME, PACKAGE_VERSION),
    meterProvider,
    ...(prometheus === undefined ? {} : { scrape: () => scrape(prometheus) }),
    close: () => shutDown(meterProvider),
  };
}

async function pushingReader({
  protocol,
  url,
  headers,
  timeoutMs,
  intervalMs,
}: Omit<MetricsSettings, 'protocol'> & { readonly protocol: string }): Promise<IMetricReader> {
  const { OTLPMetricExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-metrics-otlp-http')
      : await import('@opentelemetry/exporter-metrics-otlp-proto');
  const exporter: PushMetricExporter = new OTLPMetricExporter({
    url,
    headers: { ...headers },
    timeoutMillis: timeoutMs,
  });
  return new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: timeoutMs,
  });
}

function ownResource(attributes: Readonly<Record<string, string>>): Resource {
  return defaultResource().merge(
    resourceFromAttributes({
      'host.name': hostname(),
      'service.name': PACKAGE_NAME,
      ...attributes,
      'service.version': PACKAGE_VERSION,
      'service.instance.id': randomUUID(),
    }),
  );
}

const serializer = new PrometheusSerializer('', false, undefined, false, true);

async function scrape(exporter: PrometheusExporter): Promise<string> {
  // Between two turns of the event loop nothing is half done, so that what is observed belongs together.
  await nextTurn();
  const { resourceMetrics, errors } = await exporter.collect();
  if (errors.length > 0) diag.error('collecting metrics failed in part', ...errors);
  return serializer.serialize(withUnitNames(resourceMetrics));
}

async function shutDown(provider: MeterProvider): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CLOSING_MS);
  });
  const pushed = provider
    .shutdown()
    .catch((error: unknown) => diag.warn('the last push of metrics failed', error));
  await Promise.race([pushed, deadline]);
  clearTimeout(timer);
}
