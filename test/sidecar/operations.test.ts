import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { Outcome } from '../../src/contracts.js';
import { METRICS, type MetricDefinition } from '../../src/sidecar/metrics/catalogue.js';
import { prometheusName } from '../../src/sidecar/metrics/prometheus-names.js';
import { Operations } from '../../src/sidecar/operations.js';
import { load } from '../settings/load.js';
import { makeBridge } from '../support/bridge.js';
import { FakeReceiver } from '../support/fake-receiver.js';
import { body } from '../support/notifications.js';
import { OtlpReceiver } from '../support/otlp-receiver.js';
import { eventually } from '../support/rabbitmq.js';
import { RememberingLog } from '../support/receiving.js';
import { PromptSink, settled, TAKEN } from '../support/spans.js';
import { type Scrape, scrapeFrom } from './scrape.js';

const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A bridge between a fake broker and a fake backend, watched as `run` has it watched. */
async function watched(decide: (request: number) => Outcome = () => TAKEN, env: NodeJS.ProcessEnv = {}) {
  const { settings } = await load({ args: ['run', '--batch-delay', '0s'], env });
  const log = new RememberingLog();
  const operations = await Operations.create(settings, log);
  const receiver = new FakeReceiver();
  const sink = operations.watchSink(new PromptSink((_names, request) => decide(request)));
  const retry = { sleep: () => settled() };
  const bridge = makeBridge({ receivers: [receiver], sink, log, retry, batch: { delayMs: 0 } });
  operations.watchBridge({ bridge, receivers: [receiver] });
  await operations.listen({ listen: { host: '127.0.0.1', port: 0 } });
  const running = bridge.run();
  ends.push(async () => {
    await bridge.close();
    await running;
    await operations.close();
  });
  return { operations, receiver, bridge, url: operations.url!, scrape: () => scrapeFrom(operations.url!) };
}

function givePair(receiver: FakeReceiver, id: string): void {
  receiver.give(body({ name: 'work-start', trace_id: id }));
  receiver.give(body({ name: 'work-stop', trace_id: id }));
}

describe('metrics', () => {
  it('account for every notification by what became of it', async () => {
    const { receiver, bridge, scrape } = await watched();
    givePair(receiver, 'a');
    await eventually(() => bridge.counts.spans === 1);
    receiver.give(Buffer.from('no JSON'));
    receiver.give(Buffer.from('{"event_type": "identity.authenticate"}'));
    receiver.give(body({ name: 'work-start', trace_id: 'b' }));
    const found = await scrape();
    assert.equal(found.sum('osprofiler_bridge_notifications_received_total'), 5);
    const processed = (outcome: string, reason?: string) =>
      found.sum('osprofiler_bridge_notifications_processed_total', {
        osprofiler_bridge_outcome: outcome,
        ...(reason === undefined ? {} : { osprofiler_bridge_reason: reason }),
      });
    assert.deepEqual([processed('exported'), processed('rejected', 'not-json')], [2, 1]);
    assert.equal(processed('filtered', 'foreign'), bridge.counts.filtered.get('foreign') ?? 0);
    assert.equal(found.unaccounted, 0);
    assert.equal(found.sum('osprofiler_bridge_points_open'), 1);
    assert.equal(found.sum('osprofiler_bridge_received_io_bytes_total'), bridge.counts.receivedBytes);
  });

  it('tell the spans by what the backend said of them, and how long it took', async () => {
    const answers: Outcome[] = [
      { kind: 'retryable', reason: 'down' },
      { kind: 'accepted', refused: 1 },
      { kind: 'permanent', reason: 'bad' },
    ];
    const { receiver, bridge, scrape } = await watched((request) => answers[request - 1] ?? TAKEN);
    givePair(receiver, 'a');
    await eventually(() => bridge.counts.refusedSpans === 1);
    givePair(receiver, 'b');
    await eventually(() => bridge.counts.rejected.get('refused-by-backend') === 2);
    givePair(receiver, 'c');
    await eventually(() => bridge.counts.spans === 1);
    const found = await scrape();
    const sent = (outcome: string) =>
      found.sum('osprofiler_bridge_export_spans_total', { osprofiler_bridge_outcome: outcome });
    assert.deepEqual([sent('accepted'), sent('refused'), sent('rejected'), sent('retried')], [1, 1, 1, 1]);
    assert.equal(found.sum('osprofiler_bridge_export_duration_seconds_count'), 4);
    // Those of the two batches that were taken.
    assert.equal(found.sum('osprofiler_bridge_export_lag_seconds_count'), 2);
    assert.equal(found.types.get('osprofiler_bridge_export_lag_seconds'), 'histogram');
    assert.equal(found.unaccounted, 0);
  });

  it('begin at 0, so that the first increase can be seen', async () => {
    const found = await (await watched()).scrape();
    assert.ok(found.has('osprofiler_bridge_export_spans_total'));
    assert.ok(
      found.samples.some(({ labels }) => labels['osprofiler_bridge_reason'] === 'refused-by-backend'),
    );
  });

  it('are called in Prometheus as the documentation says', async () => {
    const { receiver, bridge, scrape } = await watched();
    givePair(receiver, 'a');
    await eventually(() => bridge.counts.spans === 1);
    const { types } = await scrape();
    const ofOthers = new Set([
      'heldForShards',
      'requeued',
      'fromHoldingQueue',
      'deadLetters',
      'heldDeadLetters',
      'reconnects',
      'blocked',
    ]);
    for (const [key, definition] of Object.entries(METRICS) as [string, MetricDefinition][]) {
      if (ofOthers.has(key) || key.startsWith('queue')) continue;
      const kind = definition.kind === 'updowncounter' ? 'gauge' : definition.kind;
      assert.equal(types.get(prometheusName(definition)), kind, definition.name);
    }
  });

  it('say whether it is ready, and why not', async () => {
    const { receiver, scrape, url } = await watched(() => ({ kind: 'retryable', reason: 'down' }));
    const ready = (found: Scrape) => found.sum('osprofiler_bridge_ready');
    assert.equal(ready(await scrape()), 1);
    givePair(receiver, 'a');
    await eventually(async () => ready(await scrape()) === 0);
    const found = await scrape();
    assert.equal(found.sum('osprofiler_bridge_unready', { osprofiler_bridge_reason: 'backend-refusing' }), 1);
    assert.equal((await fetch(`${url}/readyz`)).status, 503);
    assert.equal((await fetch(`${url}/livez`)).status, 200);
  });

  it('are not served when nobody asks for them', async () => {
    const { url } = await watched(() => TAKEN, { OTEL_METRICS_EXPORTER: 'none' });
    assert.equal((await fetch(`${url}/metrics`)).status, 404);
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
  });
});

describe('metrics over OTLP', () => {
  async function pushed(env: NodeJS.ProcessEnv) {
    const backend = await OtlpReceiver.start();
    ends.push(() => backend.stop());
    const { receiver, bridge, url } = await watched(() => TAKEN, {
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_METRIC_EXPORT_INTERVAL: '100',
      OTEL_EXPORTER_OTLP_ENDPOINT: backend.url,
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'x-key=k',
      ...env,
    });
    givePair(receiver, 'a');
    await eventually(() => bridge.counts.spans === 1);
    const count = backend.requests.length;
    await backend.untilRequests(count + 2);
    return { request: backend.requests.at(-1)!, url };
  }

  it('go to the endpoint for all signals with /v1/metrics, as JSON, with headers of their own', async () => {
    const { request, url } = await pushed({ OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' });
    assert.equal(request.path, '/v1/metrics');
    assert.equal(request.headers['x-key'], 'k');
    const { resourceMetrics } = JSON.parse(request.body.toString()) as {
      resourceMetrics: {
        scopeMetrics: {
          metrics: {
            name: string;
            unit: string;
            sum?: { dataPoints: { asDouble?: number; asInt?: string }[] };
          }[];
        }[];
      }[];
    };
    const metrics = resourceMetrics.flatMap(({ scopeMetrics }) =>
      scopeMetrics.flatMap((scope) => scope.metrics),
    );
    const of = (name: string) => metrics.find((metric) => metric.name === name);
    assert.equal(of('osprofiler_bridge.export.lag')?.unit, 's');
    const point = of('osprofiler_bridge.notifications.received')?.sum?.dataPoints[0];
    assert.equal(Number(point?.asDouble ?? point?.asInt), 2);
    assert.equal((await fetch(`${url}/metrics`)).status, 404, 'they are pushed, and not served');
  });

  it('are protobuf unless JSON is asked for', async () => {
    const { request } = await pushed({});
    assert.equal(request.headers['content-type'], 'application/x-protobuf');
    assert.ok(request.body.includes('osprofiler_bridge.notifications.received'));
  });

  it('can be pushed and served at once', async () => {
    const { request, url } = await pushed({ OTEL_METRICS_EXPORTER: 'prometheus,otlp' });
    assert.equal(request.path, '/v1/metrics');
    assert.equal((await scrapeFrom(url)).unaccounted, 0);
  });
});
