/** docs/metrics.md, made from the declared metrics. */
import { METRICS, type MetricDefinition } from './catalogue.js';
import { prometheusName } from './prometheus-names.js';

const INTRODUCTION = `# Metrics

<!-- Made by scripts/metrics-doc.mjs from src/sidecar/metrics; do not edit. -->

The sidecar's own metrics, for Prometheus at \`/metrics\` of \`--listen\` (127.0.0.1:13133), and pushed over OTLP when
\`OTEL_METRICS_EXPORTER\` names \`otlp\` (both: \`prometheus,otlp\`). A push goes to
\`OTEL_EXPORTER_OTLP_METRICS_ENDPOINT\`, or to \`OTEL_EXPORTER_OTLP_ENDPOINT\` with \`/v1/metrics\`, every
\`OTEL_METRIC_EXPORT_INTERVAL\`; over HTTP, with protobuf or JSON. See [settings.md](settings.md).

Names and units are OpenTelemetry's; in Prometheus dots become underscores, \`_seconds\` or \`_bytes\` is added for the
unit and \`_total\` for what only grows, as the OpenTelemetry specification has it, so that a metric has the same name
whether it is scraped or comes by way of a Collector. The number of series is bounded: no attribute has a value that
comes from a notification.

## The law

Everything that came in is accounted for, at every moment and so in every scrape and every push:

    osprofiler_bridge_notifications_received_total
      = sum(osprofiler_bridge_notifications_processed_total) + osprofiler_bridge_notifications_unacknowledged

Whatever that leaves over would be a notification that the bridge has lost sight of, which is a bug worth reporting.
`;

const ALERTING = `## What to alert on

[examples/prometheus](../examples/prometheus) has these as rules, and [examples/grafana](../examples/grafana) a dashboard.

| what | by | what to do |
|---|---|---|
| not ready | \`osprofiler_bridge_ready == 0\` for minutes | \`/readyz\` says why in words; \`osprofiler_bridge_unready\` by code |
| backend refusing | \`osprofiler_bridge_unready{osprofiler_bridge_reason="backend-refusing"} == 1\` | the broker keeps the unacknowledged notifications, within the limits and policies of its queue. The log has the answer of the backend |
| shards refusing | \`osprofiler_bridge_unready{osprofiler_bridge_reason="shards-refusing"} == 1\` | of the shard command: deliveries stay unacknowledged. A shard is full or cannot be reached: the log says which |
| lag rising | the 95th percentile of \`osprofiler_bridge_export_lag_seconds\` | a slow backend (\`osprofiler_bridge_export_duration_seconds\`), a backlog in the queue, or clocks that differ |
| queue growing | \`osprofiler_bridge_queue_depth\` | nobody consumes, or the backend is too slow |
| dead letters | \`increase(osprofiler_bridge_dead_letters_written_total[…]) > 0\` | \`osprofiler-otel-bridge dead-letters list\`; reasons in [errors.md](errors.md) |
| dead letters held | \`osprofiler_bridge_dead_letters_held > 0\` | the dead-letter queue is full or cannot be written: the log says which |
| spans refused | \`osprofiler_bridge_export_spans_total{osprofiler_bridge_outcome=~"refused\\|rejected"}\` grows | the backend's own limits; its log |
| law broken | what it leaves over, for minutes | report it |

A standby is ready: of two replicas on one queue one consumes and the other has the state \`standby\` in
\`osprofiler_bridge_receivers\` until the first ends.
`;

const OTHERS = `## OpenTelemetry's own

The export of spans has metrics by OpenTelemetry's conventions, served and pushed with the others:
\`otel.sdk.exporter.span.inflight\`, \`otel.sdk.exporter.span.exported\` (one that it calls exported may still be refused:
the table above has what the backend answered) and \`otel.sdk.exporter.operation.duration\`. \`target_info\` says which
version runs where.
`;

/** The whole page. */
export function metricsDocument(): string {
  const all: readonly MetricDefinition[] = Object.values(METRICS);
  return [INTRODUCTION, ALERTING, '## Every metric\n', ...all.map(section), OTHERS].join('\n');
}

function section(definition: MetricDefinition): string {
  const { name, kind, unit, description, attributes = {}, boundaries } = definition;
  const facts = [
    `- Prometheus: ${code(prometheusName(definition))}`,
    `- Kind: ${kind}${unit === '' ? '' : `, in ${code(unit)}`}`,
    ...Object.entries(attributes).map(([key, values]) => `- Attribute ${code(key)}: ${values}`),
    ...(boundaries === undefined ? [] : [`- Buckets up to ${boundaries.join(', ')}`]),
  ];
  return `### ${name}\n\n${description}\n\n${facts.join('\n')}\n`;
}

function code(text: string): string {
  return `\`${text}\``;
}
