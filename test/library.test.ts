/** `createBridge` by itself; test/package has it installed, and test/integration at a broker. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import {
  BridgeError,
  type CreateBridgeOptions,
  createBridge,
  type Outcome,
  RecordingReceiver,
  type Rejected,
  type Sent,
} from '../src/index.js';
import { capturePath } from './support/captures.js';
import { FakeReceiver } from './support/fake-receiver.js';
import { body } from './support/notifications.js';
import { eventually } from './support/rabbitmq.js';
import { RememberingLog } from './support/receiving.js';

const START = body();
const STOP = body({ name: 'work-stop' });
const NOW = { batch: { delayMs: 1 } };

function recording(name = 'keystone-no-db'): RecordingReceiver {
  return new RecordingReceiver({ files: [capturePath(name)], log: new RememberingLog() });
}

describe('a bridge in a program', () => {
  it('carries a recording to an exporter, to its end', async () => {
    const exporter = new InMemorySpanExporter();
    const bridge = createBridge({ receiver: recording(), exporter, shutdown: false });
    await bridge.run();
    assert.equal(exporter.getFinishedSpans().length, 2);
    assert.deepEqual([bridge.counts.spans, bridge.counts.received, bridge.unacknowledged], [2, 4, 0]);
    assert.equal(await bridge.close(), true);
  });

  it('makes incomplete spans of what a recording leaves open', async () => {
    const spans: ReadableSpan[] = [];
    const receiver = recording('chaos-nova-compute-killed-mid-boot');
    await using bridge = createBridge({ receiver, sink: (batch) => void spans.push(...batch) });
    await bridge.run();
    const incomplete = spans.filter(({ attributes }) => 'osprofiler.incomplete' in attributes);
    assert.equal(incomplete.length, bridge.counts.incompleteSpans);
    assert.ok(incomplete.length > 0);
  });

  it('lives beside others, each with its own counts', async () => {
    const taken = [0, 0];
    const bridges = ['keystone-no-db', 'py-nested'].map((name, index) =>
      createBridge({
        receiver: recording(name),
        sink: (spans) => {
          taken[index]! += spans.length;
        },
      }),
    );
    await Promise.all(bridges.map((bridge) => bridge.run()));
    assert.deepEqual(taken, [2, 5]);
    assert.deepEqual(
      bridges.map(({ counts }) => counts.spans),
      taken,
    );
    for (const bridge of bridges) await bridge.close();
  });

  it('settles when the sink has taken a span, and not while it fails', async () => {
    const receiver = new FakeReceiver();
    const outcomes: (Outcome | Error)[] = [new Error('full'), { kind: 'retryable', reason: 'full' }];
    const bridge = createBridge({
      ...NOW,
      receiver,
      retry: { initialDelayMs: 1 },
      sink: () => {
        assert.equal(receiver.unacknowledged, 2);
        const next = outcomes.shift();
        if (next instanceof Error) throw next;
        return next;
      },
    });
    const sent: string[] = [];
    bridge.on('sent', ({ outcome }: Sent) => sent.push(outcome.kind));
    const running = bridge.run();
    receiver.give(START);
    receiver.give(STOP);
    await eventually(() => bridge.unacknowledged === 0);
    assert.deepEqual(sent, ['retryable', 'retryable', 'accepted']);
    await bridge.close();
    await running;
  });

  it('lets go of what is open when it is closed, without making spans of it', async () => {
    const receiver = new FakeReceiver();
    const spans: ReadableSpan[] = [];
    const bridge = createBridge({ ...NOW, receiver, sink: (batch) => void spans.push(...batch) });
    const running = bridge.run();
    const open = receiver.give(START);
    assert.deepEqual([bridge.openPoints, bridge.unacknowledged], [1, 1]);
    assert.equal(await bridge.close(), true);
    assert.equal(await bridge.close(), true);
    await running;
    assert.deepEqual([spans, open.settlement, open.isLost], [[], undefined, true]);
    assert.equal(bridge.counts.returned, 1);
  });

  it('says when it had to leave spans on their way, and then ends its run too', async () => {
    const bridge = createBridge({ receiver: recording(), sink: () => new Promise<void>(() => undefined) });
    const running = bridge.run();
    await eventually(() => bridge.unacknowledged === 4 && bridge.openPoints === 0);
    assert.equal(await bridge.close(1), false);
    await running;
    assert.deepEqual([bridge.counts.spans, bridge.counts.returned], [0, 4]);
  });

  it('tells of what was set aside, whatever its listeners do', async () => {
    const receiver = new FakeReceiver();
    const log = new RememberingLog();
    await using bridge = createBridge({ receiver, log, sink: () => undefined });
    const rejected: Rejected[] = [];
    const remember = (event: Rejected) => void rejected.push(event);
    bridge.on('rejected', () => {
      throw new Error('a bug of theirs');
    });
    bridge.on('rejected', remember);
    void bridge.run();
    const delivery = receiver.give(Buffer.from('no JSON'));
    assert.deepEqual(
      rejected.map(({ reason, delivery: { body } }) => [reason, body.toString()]),
      [['not-json', 'no JSON']],
    );
    assert.notEqual(delivery.settlement, undefined);
    assert.match(log.text, /a bug of theirs/);
    bridge.off('rejected', remember);
    receiver.give(Buffer.from('nor this'));
    assert.equal(rejected.length, 1);
  });

  it('rejects its run when a recording cannot be read', async () => {
    const receiver = new RecordingReceiver({ files: ['/nonexistent'], log: new RememberingLog() });
    await using bridge = createBridge({ receiver, sink: () => undefined });
    await assert.rejects(bridge.run(), (error) => isBridgeError(error, 'INPUT_UNREADABLE'));
  });

  it('is refused without a receiver, and without exactly one destination', () => {
    const sink = () => undefined;
    const wrong = [
      { receiver: [], sink },
      { receiver: new FakeReceiver() },
      { receiver: new FakeReceiver(), sink, exporter: new InMemorySpanExporter() },
    ];
    for (const options of wrong) {
      assert.throws(
        () => createBridge(options as unknown as CreateBridgeOptions),
        (error) => isBridgeError(error, 'CONFIG_INVALID'),
      );
    }
  });
});

describe("a bridge's metrics", () => {
  it('go to the meter provider that was handed in, obey the law, and end with the bridge', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const meterProvider = new MeterProvider({ readers: [reader] });
    const receiver = new FakeReceiver();
    const bridge = createBridge({ ...NOW, receiver, meterProvider, sink: () => undefined });
    const running = bridge.run();
    receiver.give(START);
    receiver.give(STOP);
    receiver.give(body({ trace_id: 'another' }));
    receiver.give(Buffer.from('no JSON'));
    receiver.give(Buffer.from('{"event_type": "identity.authenticate", "payload": {}}'));
    await eventually(() => bridge.counts.exported === 2);

    const read = async () => {
      exporter.reset();
      await reader.forceFlush();
      return new Map(
        exporter
          .getMetrics()
          .flatMap(({ scopeMetrics }) =>
            scopeMetrics.flatMap(({ metrics }) =>
              metrics.map(({ descriptor, dataPoints }) => [
                descriptor.name.replace('osprofiler_bridge.', ''),
                Object.fromEntries(
                  dataPoints.map(({ attributes, value }) => [Object.values(attributes).join(' '), value]),
                ),
              ]),
            ),
          ),
      );
    };
    const metrics = await read();
    assert.deepEqual(metrics.get('notifications.received'), { '': 5 });
    assert.deepEqual(metrics.get('notifications.unacknowledged'), { '': 1 });
    assert.deepEqual(metrics.get('points.open'), { '': 1 });
    assert.deepEqual(metrics.get('notifications.processed'), {
      exported: 2,
      duplicate: 0,
      late: 0,
      returned: 0,
      'filtered foreign': 1,
      'rejected not-json': 1,
    });
    assert.deepEqual(metrics.get('export.spans'), { accepted: 1 });
    assert.ok(metrics.has('export.duration'));
    await bridge.close();
    await running;
    receiver.give(START);
    assert.notDeepEqual((await read()).get('notifications.received'), { '': 6 });
    await meterProvider.shutdown();
  });
});

function isBridgeError(error: unknown, code: string): boolean {
  return error instanceof BridgeError && error.code === code;
}
