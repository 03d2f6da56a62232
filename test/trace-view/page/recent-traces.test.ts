import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RecentTraces } from '../../../src/trace-view/page/recent-traces.js';
import { exported, type Sketch, taken, traceIdOf } from './traces.js';

function kept(traces: RecentTraces): string[] {
  return traces.latest().map(({ traceId }) => traceId.replace(/^0+/, ''));
}

function trace(number: number, spans = 1): Sketch[] {
  return Array.from({ length: spans }, (_, index) => ({ trace: number, id: index + 1, at: number }));
}

describe('RecentTraces', () => {
  it('sums up what the list says of a trace', () => {
    const traces = new RecentTraces();
    traces.observe(
      taken(
        { trace: 99, id: 3, parent: 2, at: 4, for: 1, service: 'db', statement: 'SELECT 1' },
        { trace: 99, id: 2, parent: 1, at: 2, for: 4, error: 'gone' },
        { trace: 99, id: 1, at: 1, for: 9, name: 'GET /servers', service: 'nova-api' },
        { trace: 99, id: 4, at: 5, for: 0, attributes: { 'osprofiler.incomplete': 'stop missing' } },
      ),
    );
    const [found] = traces.latest();
    assert.ok(found !== undefined);
    const { name, service, errors, incomplete, statements, calls, durationMicros, spans } = found.summary;
    assert.deepEqual(
      { name, service, errors, incomplete, statements, calls, durationMicros, spans },
      {
        name: 'GET /servers',
        service: 'nova-api',
        errors: 1,
        incomplete: 1,
        statements: 1,
        calls: 2,
        durationMicros: 9_000,
        spans: 4,
      },
    );
    assert.deepEqual(Object.fromEntries(found.summary.services), { db: 1, api: 2, 'nova-api': 1 });
  });

  it('is called after the longest call, gathered by a root span or not', () => {
    const traces = new RecentTraces();
    const gathering = Number.parseInt(traceIdOf(7).slice(16), 16);
    traces.observe(
      taken(
        { trace: 7, id: 100, parent: gathering, for: 2, name: 'GET /v3' },
        { trace: 7, id: 101, parent: gathering, for: 9, name: 'POST /servers' },
        { trace: 7, id: 102, parent: 101, for: 50, name: 'cast' },
        { trace: 7, id: gathering, for: 60, name: 'openstack' },
      ),
    );
    const [found] = traces.latest();
    assert.deepEqual([found?.summary.name, found?.summary.calls], ['POST /servers', 2]);
  });

  it('keeps every attribute, the SQL text too', () => {
    const traces = new RecentTraces();
    traces.observe(taken({ id: 1, statement: 'SELECT ü', attributes: { 'server.port': 5000 } }));
    const span = traces.find(traceIdOf(1))?.spans()[0];
    assert.ok(span !== undefined);
    assert.deepEqual(
      span.attributes,
      exported({ id: 1, statement: 'SELECT ü', attributes: { 'server.port': 5000 } }).attributes,
    );
  });

  it('takes no notice of what the backend did not take', () => {
    const traces = new RecentTraces();
    const spans = [exported({ id: 1 })];
    traces.observe({ spans, outcome: { kind: 'retryable', reason: 'busy' }, durationMs: 1 });
    traces.observe({ spans, outcome: { kind: 'permanent', reason: 'bad' }, durationMs: 1 });
    assert.equal(traces.size, 0);
  });

  it('counts a span that comes again once', () => {
    const traces = new RecentTraces();
    traces.observe(taken({ id: 1 }));
    traces.observe(taken({ id: 1, name: 'another' }));
    const [trace] = traces.latest();
    assert.deepEqual([trace?.summary.spans, trace?.summary.name], [1, 'span 1']);
  });

  it('lets the trace go that was without a new span for longest', () => {
    const traces = new RecentTraces({ maxTraces: 2 });
    traces.observe(taken(...trace(1)));
    traces.observe(taken(...trace(2)));
    traces.observe(taken({ trace: 1, id: 9 }));
    traces.observe(taken(...trace(3)));
    assert.deepEqual(kept(traces), ['3', '1']);
    assert.equal(traces.evicted, 1);
  });

  it('stays within its bound of spans, and counts what one trace has too many of', () => {
    const traces = new RecentTraces({ maxSpans: 100 });
    for (let number = 1; number <= 20; number++) traces.observe(taken(...trace(number, 30)));
    assert.ok(traces.spans <= 100);
    assert.deepEqual(kept(traces), ['14', '13', '12']);
    traces.observe(taken(...trace(21, 80)));
    assert.deepEqual([traces.find(traceIdOf(21))?.count, traces.find(traceIdOf(21))?.unkept], [50, 30]);
  });

  it('stays within its bound of bytes, whatever is in the spans', () => {
    const maxBytes = 200_000;
    const traces = new RecentTraces({ maxBytes });
    for (let number = 1; number <= 300; number++) {
      traces.observe(taken({ trace: number, id: 1, attributes: { text: 'x'.repeat(number * 10) } }));
      assert.ok(traces.bytes <= maxBytes, `${traces.bytes} bytes after ${number}`);
    }
    const whole = traces.latest().reduce((sum, { bytes }) => sum + bytes, 0);
    assert.equal(traces.bytes, whole);
    assert.ok(traces.size > 10);
  });

  it('keeps the same traces for the same spans', () => {
    const fill = () => {
      const traces = new RecentTraces({ maxTraces: 5, maxSpans: 40, maxBytes: 20_000 });
      for (let step = 0; step < 200; step++) {
        const number = ((step * 7) % 11) + 1;
        traces.observe(taken(...trace(number, (step % 5) + 1), { trace: number, id: 100 + step }));
      }
      return kept(traces);
    };
    assert.deepEqual(fill(), fill());
  });

  it('keeps nothing when told to', () => {
    const traces = new RecentTraces({ maxTraces: 0 });
    traces.observe(taken({ id: 1 }));
    assert.equal(traces.size, 0);
  });
});
