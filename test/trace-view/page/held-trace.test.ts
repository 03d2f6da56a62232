/** Spans that come as they were sent are kept so until somebody looks. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { writeAsJson } from '../../../src/export/json-encoding.js';
import type { Sent } from '../../../src/export/observed-sink.js';
import { WrittenSpan } from '../../../src/export/written-span.js';
import { HeldTrace } from '../../../src/trace-view/page/held-trace.js';
import type { KeptTrace } from '../../../src/trace-view/page/kept-trace.js';
import { RecentTraces } from '../../../src/trace-view/page/recent-traces.js';
import { notificationsOf, spansIn, translate } from '../../support/translating.js';
import { unreadSpansOf } from '../../support/usual.js';
import { taken } from './traces.js';

const spans = spansIn(translate(notificationsOf('nova-server-boot-no-valid-host')));
const written = spans.map(writeAsJson);
const sent = (some: readonly ReadableSpan[]): Sent => ({
  spans: some,
  outcome: { kind: 'accepted' },
  durationMs: 1,
});
/** What the list says of a trace. */
function summed({ name, service, errors, incomplete, statements, calls, durationMicros, baseId }: KeptTrace) {
  return { name, service, errors, incomplete, statements, calls, durationMicros, baseId };
}

function addAll(trace: HeldTrace, all: readonly ReadableSpan[]): void {
  for (let at = 0; at < all.length; ) at += trace.add(all, at);
}

const NO_BOUNDS = { maxSpans: 1e6, maxBytes: 1e9 };

describe('traces of spans that are written down', () => {
  it('are shown as if they were not', () => {
    const [plain, lazy] = [new RecentTraces(), new RecentTraces()];
    plain.observe(sent(spans));
    lazy.observe(sent(written));
    const [expected, found] = [plain.latest(), lazy.latest()];
    assert.equal(found.length, expected.length);
    for (const [index, trace] of expected.entries()) {
      assert.deepEqual(found[index]!.spans, trace.spans);
      assert.deepEqual(found[index]!.services, trace.services);
      assert.deepEqual(summed(found[index]!), summed(trace));
    }
    assert.equal(lazy.spans, plain.spans);
    // A few more texts are shared, which were the same to begin with.
    assert.ok(Math.abs(lazy.bytes / plain.bytes - 1) < 0.01, `${lazy.bytes} and ${plain.bytes} bytes`);
  });

  it('are kept so when they were sent otherwise and can be read again', () => {
    const unread = unreadSpansOf('nova-server-boot-no-valid-host');
    const [expected, found] = [new RecentTraces(), new RecentTraces()];
    expected.observe(sent(unread.map(writeAsJson)));
    found.observe(sent(unread));
    assert.ok(found.bytes <= expected.bytes, `${found.bytes} and ${expected.bytes} bytes`);
    assert.deepEqual(
      found.latest().map(({ spans }) => spans),
      expected.latest().map(({ spans }) => spans),
    );
  });

  it('are found by their id, with what came since the last look', () => {
    const traces = new RecentTraces();
    const [first, ...others] = written as [ReadableSpan, ...ReadableSpan[]];
    const { traceId } = first.spanContext();
    traces.observe(sent([first]));
    assert.equal(traces.find(traceId)?.spans.size, 1);
    const ofTrace = others.filter((span) => span.spanContext().traceId === traceId);
    traces.observe(sent(ofTrace));
    assert.equal(traces.find(traceId)?.spans.size, 1 + ofTrace.length);
  });

  it('keep the first of spans with one id', () => {
    const traces = new RecentTraces();
    traces.observe(sent([...written, ...written]));
    traces.latest();
    assert.equal(traces.spans, spans.length);
  });

  it('are bounded in bytes before anybody looks, and after', () => {
    const traces = new RecentTraces({ maxBytes: 1_000_000, maxTraces: 5 });
    for (let copy = 0; copy < 20; copy++) {
      traces.observe(sent(written));
      assert.ok(traces.bytes <= 1_100_000, `${traces.bytes} bytes`);
    }
    traces.latest();
    traces.observe(taken({ trace: 5, id: 1 }));
    assert.ok(traces.bytes <= 1_100_000, `${traces.bytes} bytes`);
  });

  it('count the spans for which there is no room', () => {
    const trace = new HeldTrace('0'.repeat(32), { ...NO_BOUNDS, maxSpans: 10 });
    addAll(trace, written);
    assert.equal(trace.spans, 10);
    const { unkept, spans: kept } = trace.read();
    assert.deepEqual([unkept, kept.size], [written.length - 10, 10]);
  });

  it('take the place of those that went, and are what was sent', () => {
    const traces = new RecentTraces({ maxBytes: 1_500_000, maxTraces: 2 });
    const some = written.slice(0, 200);
    const under = (copy: number) => {
      const traceId = copy.toString(16).padStart(32, '0');
      return spans.slice(0, some.length).map((span) => {
        const context = { ...span.spanContext(), traceId };
        const parentSpanContext = span.parentSpanContext && { ...span.parentSpanContext, traceId };
        return { ...span, ...(parentSpanContext && { parentSpanContext }), spanContext: () => context };
      });
    };
    for (let copy = 1; copy <= 20; copy++) traces.observe(sent(under(copy).map(writeAsJson)));
    const plain = new RecentTraces();
    plain.observe(sent(under(20)));
    const { traceId } = under(20)[0]!.spanContext();
    assert.deepEqual(traces.find(traceId)?.spans, plain.find(traceId)?.spans);
    assert.ok(traces.evicted >= 18);
  });

  it('do not hold on to the bytes that were sent', () => {
    const trace = new HeldTrace('0'.repeat(32), NO_BOUNDS);
    addAll(trace, written);
    const length = written.reduce((sum, span) => sum + (span as WrittenSpan).length, 0);
    assert.ok(trace.bytes > length && trace.bytes < 2 * length, `${trace.bytes} bytes of ${length}`);
    const sentBytes = new Set(written.map((span) => span instanceof WrittenSpan && span.bytes));
    for (const { bytes } of trace['unread']) assert.equal(sentBytes.has(bytes), false);
  });
});
