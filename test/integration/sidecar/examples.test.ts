/** The dashboard and the alerts speak of metrics that there are. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse } from 'yaml';
import { METRICS, type MetricDefinition } from '../../../src/sidecar/metrics/catalogue.js';
import { prometheusName } from '../../../src/sidecar/metrics/prometheus-names.js';
import { type Scrape, scrapeFrom } from '../../sidecar/scrape.js';
import { body } from '../../support/notifications.js';
import { OtlpReceiver } from '../../support/otlp-receiver.js';
import { broker, eventually } from '../../support/rabbitmq.js';
import { publish } from '../rabbitmq/support.js';
import { RunningBridge, transportUrl } from './running.js';

const EXAMPLES = join(process.cwd(), 'examples');
const read = (path: string) => readFileSync(join(EXAMPLES, path), 'utf8');

interface Dashboard {
  readonly title: string;
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
  readonly templating: { readonly list: readonly { readonly query: unknown }[] };
}

interface Alerts {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly expr: string }[];
  }[];
}

interface PrometheusSettings {
  readonly rule_files: readonly string[];
  readonly scrape_configs: readonly { readonly static_configs: readonly { readonly targets: string[] }[] }[];
}

const dashboard = JSON.parse(read('grafana/dashboard.json')) as Dashboard;
const alerts = parse(read('prometheus/alerts.yml')) as Alerts;
const rules = alerts.groups.flatMap((group) => group.rules);

/** The names of metrics in an expression. */
function metricsIn(expression: string): string[] {
  const bare = expression.replace(/"(?:[^"\\]|\\.)*"/g, '').replace(/\{[^}]*\}/g, '');
  // Behind `by (…)` and `without (…)` stand labels.
  const names = bare
    .replace(/\b(?:by|without)\s*\([^)]*\)/g, '')
    .matchAll(/\b(?:osprofiler_bridge|otel)_\w+/g);
  return [...names].map(([name]) => name);
}

describe('the examples for Prometheus and Grafana', () => {
  const ends: (() => Promise<void>)[] = [];
  let scrape: Scrape;

  before(async () => {
    const vhost = await broker().createVhost();
    const backend = await OtlpReceiver.start();
    ends.push(
      () => vhost.remove(),
      () => backend.stop(),
    );
    const user = await vhost.createUser({ configure: '.*', write: '.*', read: '.*' });
    const id = randomUUID();
    const halves = ['work-start', 'work-stop'].map((name) => body({ name, trace_id: id }).toString());
    await publish(vhost, halves);
    const bridge = await RunningBridge.start(
      { after: (end: () => Promise<void>) => ends.push(end) },
      transportUrl(vhost, user),
      backend,
    );
    await backend.untilSpans(1);
    scrape = await eventually(async () => {
      const found = await scrapeFrom(bridge.url);
      const isWhole =
        found.has('osprofiler_bridge_queue_depth') && found.has('osprofiler_bridge_export_lag_seconds_sum');
      return isWhole ? found : undefined;
    });
  });

  after(async () => {
    for (const end of ends.reverse()) await end();
  });

  const isThere = (name: string) => scrape.has(name);

  it('the scrape has every metric that is declared, under the name that is documented', () => {
    for (const definition of Object.values(METRICS) as MetricDefinition[]) {
      // The shard command's own; see shard-operations.test.ts.
      if (definition === METRICS.heldForShards) continue;
      assert.ok(scrape.types.has(prometheusName(definition)), definition.name);
    }
    assert.equal(scrape.unaccounted, 0);
  });

  it("the scrape has the exporter's own metrics", () => {
    assert.ok(scrape.sum('otel_sdk_exporter_span_exported_total') >= 1);
  });

  it('every panel of the dashboard shows metrics that there are', () => {
    assert.ok(dashboard.panels.length >= 10);
    for (const { title, targets } of dashboard.panels) {
      for (const { expr } of targets) {
        const names = metricsIn(expr);
        assert.ok(names.length > 0, `${title}: ${expr}`);
        for (const name of names) assert.ok(isThere(name), `${title}: ${name}`);
      }
    }
  });

  it('every alert asks for metrics that there are', () => {
    assert.ok(rules.length >= 6);
    for (const { alert, expr } of rules) {
      // The one on scraping itself asks Prometheus' own metric.
      if (alert !== 'OsprofilerBridgeDown') assert.ok(metricsIn(expr).length > 0, alert);
      for (const name of metricsIn(expr)) assert.ok(isThere(name), `${alert}: ${name}`);
    }
  });

  it("Prometheus' settings load the alerts, and scrape where the bridge listens by default", () => {
    const settings = parse(read('prometheus/prometheus.yml')) as PrometheusSettings;
    assert.deepEqual(settings.rule_files, ['alerts.yml']);
    assert.deepEqual(settings.scrape_configs[0]?.static_configs[0]?.targets, ['127.0.0.1:13133']);
  });

  it('promtool finds nothing wrong with rules, settings and scrape', (test) => {
    if (spawnSync('promtool', ['--version']).error !== undefined) {
      test.diagnostic('promtool is not installed (on Debian in the package prometheus): not checked');
      return;
    }
    const check = (args: readonly string[], input = '') =>
      spawnSync('promtool', ['check', ...args], {
        input,
        encoding: 'utf8',
        cwd: join(EXAMPLES, 'prometheus'),
      });
    for (const [args, input] of [
      [['rules', 'alerts.yml'], ''],
      [['config', 'prometheus.yml'], ''],
      [['metrics'], scrape.text],
    ] as const) {
      const { status, stdout, stderr } = check(args, input);
      assert.equal(status, 0, `promtool check ${args[0]}: ${stdout}${stderr}`);
    }
  });
});
