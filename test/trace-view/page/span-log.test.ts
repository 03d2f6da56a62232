/** Spans are kept as the bytes that were sent, and read back when somebody looks. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { Sent } from '../../../src/export/observed-sink.js';
import { decoded, encoded } from '../../../src/trace-view/encoded-spans.js';
import { ChunkPool } from '../../../src/trace-view/page/chunk-pool.js';
import { KeptTrace } from '../../../src/trace-view/page/kept-trace.js';
import { RecentTraces } from '../../../src/trace-view/page/recent-traces.js';
import { SpanLog } from '../../../src/trace-view/page/span-log.js';
import { notificationsOf, spansIn, translate } from '../../support/translating.js';
import { taken } from './traces.js';

const spans = spansIn(translate(notificationsOf('nova-server-boot-no-valid-host')));
const sent = (some: readonly ReadableSpan[]): Sent => ({
  spans: some,
  outcome: { kind: 'accepted' },
  durationMs: 1,
});
const NO_BOUNDS = { maxSpans: 1e6, maxBytes: 1e9 };

/** Spans of this capture as those of another trace. */
function under(copy: number, count: number): ReadableSpan[] {
  const traceId = copy.toString(16).padStart(32, '0');
  return spans.slice(0, count).map((span) => {
    const context = { ...span.spanContext(), traceId };
    const parentSpanContext = span.parentSpanContext && { ...span.parentSpanContext, traceId };
    return { ...span, ...(parentSpanContext && { parentSpanContext }), spanContext: () => context };
  });
}

describe('a log of spans', () => {
  it('gives back what was put in, in order, and from any span on', () => {
    const log = new SpanLog(new ChunkPool());
    for (const span of spans) log.append(encoded(span));
    const read = [...log.read()];
    assert.deepEqual(
      read.map(({ spanId, name, attributes, resource }) => ({ spanId, name, attributes, resource })),
      spans.map((span) => ({
        spanId: span.spanContext().spanId,
        name: span.name,
        attributes: span.attributes,
        resource: span.resource.attributes,
      })),
    );
    assert.deepEqual([...log.read(100)], read.slice(100));
    assert.equal(log.count, spans.length);
  });

  it('keeps spans that only OpenTelemetry’s package can encode', () => {
    const [span] = spans as [ReadableSpan, ...ReadableSpan[]];
    const linked = { ...span, links: [{ context: span.spanContext() }] };
    const { bytes, begin, end, resource } = encoded(linked);
    const { links, ...expected } = { links: 1, ...plain(span) };
    assert.equal(links, 1);
    assert.deepEqual(decoded(bytes.subarray(begin, end), resource), expected);
  });

  it('takes little more memory than the bytes that were sent, and none of the request’s buffer', () => {
    const trace = new KeptTrace('0'.repeat(32), NO_BOUNDS, new ChunkPool());
    const sentSpans = spans.map(encoded);
    for (const span of sentSpans) trace.add(span);
    const length = sentSpans.reduce((sum, { begin, end }) => sum + end - begin, 0);
    assert.ok(trace.bytes > length && trace.bytes < 1.2 * length, `${trace.bytes} bytes of ${length}`);
    const expected = trace.spans();
    for (const { bytes, begin, end } of sentSpans) bytes.fill(0, begin, end);
    assert.deepEqual(trace.spans(), expected);
  });
});

describe('the page’s memory', () => {
  it('has the spans that came since the last look', () => {
    const traces = new RecentTraces();
    const [first, ...others] = spans as [ReadableSpan, ...ReadableSpan[]];
    const { traceId } = first.spanContext();
    traces.observe(sent([first]));
    assert.equal(traces.find(traceId)?.summary.spans, 1);
    const ofTrace = others.filter((span) => span.spanContext().traceId === traceId);
    traces.observe(sent(ofTrace));
    assert.equal(traces.find(traceId)?.summary.spans, 1 + ofTrace.length);
  });

  it('counts a span that was sent twice once', () => {
    const traces = new RecentTraces();
    traces.observe(sent([...spans, ...spans]));
    const [trace] = traces.latest();
    assert.equal(trace?.summary.spans, spans.length);
  });

  it('stays within its bytes before anybody looks, and after', () => {
    const traces = new RecentTraces({ maxBytes: 1_000_000, maxTraces: 5 });
    for (let copy = 0; copy < 20; copy++) {
      traces.observe(sent(under(copy, spans.length)));
      assert.ok(traces.bytes <= 1_100_000, `${traces.bytes} bytes`);
    }
    traces.latest();
    traces.observe(taken({ trace: 5, id: 1 }));
    assert.ok(traces.bytes <= 1_100_000, `${traces.bytes} bytes`);
  });

  it('counts the spans of a trace for which there is no room', () => {
    const trace = new KeptTrace('0'.repeat(32), { ...NO_BOUNDS, maxSpans: 10 }, new ChunkPool());
    for (const span of spans) trace.add(encoded(span));
    assert.deepEqual([trace.count, trace.unkept, trace.spans().length], [10, spans.length - 10, 10]);
  });

  it('uses the bytes of evicted traces again, without mixing them up', () => {
    const traces = new RecentTraces({ maxBytes: 1_500_000, maxTraces: 2 });
    for (let copy = 1; copy <= 20; copy++) traces.observe(sent(under(copy, 200)));
    const fresh = new RecentTraces();
    fresh.observe(sent(under(20, 200)));
    const { traceId } = under(20, 1)[0]!.spanContext();
    assert.deepEqual(traces.find(traceId)?.spans(), fresh.find(traceId)?.spans());
    assert.ok(traces.evicted >= 18);
  });
});

/** What is read of a span that was encoded as usual. */
function plain(span: ReadableSpan) {
  const { bytes, begin, end, resource } = encoded(span);
  return decoded(bytes.subarray(begin, end), resource);
}
