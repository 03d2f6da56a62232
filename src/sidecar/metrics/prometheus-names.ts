/**
 * The names that metrics have in Prometheus, by the OpenTelemetry specification "Prometheus and OpenMetrics
 * Compatibility": the unit's name is added, which OpenTelemetry's serializer for JavaScript leaves out. So a metric has
 * one name whether it is scraped here or pushed over OTLP and translated by the Collector or Prometheus. Pure.
 */
import type { MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { MetricDefinition } from './catalogue.js';

/** Those that occur here and in OpenTelemetry's own metrics; `{things}` have no name. */
const UNIT_NAMES: Readonly<Record<string, string>> = { s: 'seconds', ms: 'milliseconds', By: 'bytes' };

/** What a metric of ours is called in Prometheus; a histogram's series add `_bucket`, `_sum` and `_count`. */
export function prometheusName({
  name,
  unit,
  kind,
}: Pick<MetricDefinition, 'name' | 'unit' | 'kind'>): string {
  return withUnit(name, unit).replace(/[^a-z0-9]+/gi, '_') + (kind === 'counter' ? '_total' : '');
}

/** The same metrics with their units in their names; the serializer adds the rest. */
export function withUnitNames(metrics: ResourceMetrics): ResourceMetrics {
  return {
    ...metrics,
    scopeMetrics: metrics.scopeMetrics.map((scope) => ({ ...scope, metrics: scope.metrics.map(renamed) })),
  };
}

function renamed(data: MetricData): MetricData {
  const { descriptor } = data;
  // The unit itself would become a comment of another text format than the one that is served.
  return {
    ...data,
    descriptor: { ...descriptor, name: withUnit(descriptor.name, descriptor.unit), unit: '' },
  };
}

function withUnit(name: string, unit: string): string {
  const word = UNIT_NAMES[unit];
  return word === undefined || name.endsWith(word) ? name : `${name}.${word}`;
}
