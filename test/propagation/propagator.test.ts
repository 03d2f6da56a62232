/** The propagator by itself; test/end-to-end/propagation.test.ts has it judged by the real osprofiler. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import {
  type Context,
  createContextKey,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type SpanContext,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import fc from 'fast-check';
import { BridgeError } from '../../src/errors.js';
import { toSpanId, toTraceId } from '../../src/mapping/ids.js';
import { OsprofilerPropagator } from '../../src/propagation/propagator.js';
import { signTraceInfo } from '../../src/propagation/trace-info.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const BASE_ID = '0af76519-16cd-43dd-8448-eb211c80319c';

const propagator = new OsprofilerPropagator({ hmacKeys: ['new-key', 'old-key'] });
type Headers = Record<string, string | string[]>;

function contextWith(span: Partial<SpanContext> = {}): Context {
  const whole = { traceId: TRACE, spanId: SPAN, traceFlags: TraceFlags.SAMPLED, ...span };
  return trace.setSpanContext(ROOT_CONTEXT, whole);
}

function inject(context: Context, by = propagator): Headers {
  const headers: Headers = {};
  by.inject(context, headers, defaultTextMapSetter);
  return headers;
}

function extract(headers: unknown, by = propagator): SpanContext | undefined {
  return trace.getSpanContext(by.extract(ROOT_CONTEXT, headers, defaultTextMapGetter));
}

/** Signed headers that say this. */
function headersOf(said: unknown, key = 'new-key', encoding: 'base64' | 'base64url' = 'base64'): Headers {
  const json = typeof said === 'string' ? said : JSON.stringify(said);
  const info = Buffer.from(json).toString(encoding);
  return { 'X-Trace-Info': info, 'X-Trace-HMAC': hmacOf(info, key) };
}

function hmacOf(info: string, key: string): string {
  return createHmac('sha1', key).update(info).digest('hex');
}

describe('the propagator', () => {
  it('writes the trace id as base_id, and a parent_id that the mapping takes for the span', () => {
    const headers = inject(contextWith());
    assert.deepEqual(Object.keys(headers), propagator.fields());
    const info = headers['X-Trace-Info'] as string;
    const said = JSON.parse(Buffer.from(info, 'base64url').toString()) as Record<string, string>;
    assert.deepEqual(Object.keys(said), ['base_id', 'parent_id']);
    assert.equal(said['base_id'], BASE_ID);
    assert.equal(toTraceId(said['base_id']!), TRACE);
    assert.equal(toSpanId(said['parent_id']!), SPAN);
    assert.equal(headers['X-Trace-HMAC'], hmacOf(info, 'new-key'));
  });

  it('never writes a parent_id that says that there is no parent, and always the same for the same span', () => {
    const hex = (length: number) =>
      fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
    fc.assert(
      fc.property(hex(32), hex(16), fc.boolean(), fc.boolean(), (random, any, same, isShort) => {
        // The worst cases among them: a trace id of 64 bits, and a span id that is the trace id's own low half.
        const traceId = isShort ? '0'.repeat(16) + random.slice(16) : random;
        const spanId = same ? traceId.slice(16) : any;
        if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return;
        const headers = inject(contextWith({ traceId, spanId }));
        const { base_id, parent_id } = JSON.parse(
          Buffer.from(headers['X-Trace-Info'] as string, 'base64url').toString(),
        ) as { base_id: string; parent_id: string };
        assert.notEqual(parent_id, base_id);
        assert.deepEqual(headers, inject(contextWith({ traceId, spanId })));
        assert.deepEqual(extract(headers), { traceId, spanId, traceFlags: 1, isRemote: true });
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  it('writes nothing for a span that is not sampled, not valid, or not there', () => {
    assert.deepEqual(inject(contextWith({ traceFlags: TraceFlags.NONE })), {});
    assert.deepEqual(inject(contextWith({ spanId: '0000000000000000' })), {});
    assert.deepEqual(inject(contextWith({ traceId: 'nonsense' })), {});
    assert.deepEqual(inject(ROOT_CONTEXT), {});
  });

  it('writes nothing while tracing is suppressed, as it is for exporters', () => {
    const suppressed = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');
    assert.deepEqual(inject(contextWith().setValue(suppressed, true)), {});
  });

  it('reads what any of its keys signed, and nothing else', () => {
    const said = { base_id: BASE_ID, parent_id: BASE_ID };
    for (const key of ['new-key', 'old-key'])
      assert.equal(extract(headersOf(said, key))?.traceId, TRACE, key);
    for (const key of ['other', 'new-key ', 'new-key,old-key'])
      assert.equal(extract(headersOf(said, key)), undefined, key);
  });

  it('reads headers whose names are in lower case, listed or padded with blanks, as servers give them', () => {
    const { 'X-Trace-Info': info, 'X-Trace-HMAC': hmac } = inject(contextWith());
    assert.equal(extract({ 'x-trace-info': info, 'x-trace-hmac': ` ${String(hmac)} ` })?.spanId, SPAN);
    assert.equal(extract({ 'x-trace-info': [info], 'x-trace-hmac': [hmac] })?.spanId, SPAN);
  });

  it('reads ids that are no UUIDs as the mapping does', () => {
    const odd = extract(
      headersOf('{"base_id": 340282366920938463463374607431768211455, "parent_id": "mine"}'),
    );
    assert.equal(odd?.traceId, 'f'.repeat(32));
    assert.equal(odd?.spanId, toSpanId('mine'));
  });

  it('takes a missing parent for none, like osprofiler: then the span is the one that gathers roots', () => {
    for (const said of [
      { base_id: BASE_ID },
      { base_id: BASE_ID, parent_id: null },
      { base_id: BASE_ID, parent_id: BASE_ID },
    ]) {
      const span = extract(headersOf(said));
      assert.deepEqual(span, {
        traceId: TRACE,
        spanId: '8448eb211c80319c',
        traceFlags: TraceFlags.SAMPLED,
        isRemote: true,
      });
    }
  });

  it('leaves the context as it was on anything that is no trace info', () => {
    const before = contextWith({ spanId: '1111111111111111' });
    const broken: unknown[] = [
      {},
      { 'X-Trace-Info': inject(contextWith())['X-Trace-Info'] },
      { 'X-Trace-HMAC': inject(contextWith())['X-Trace-HMAC'] },
      { 'X-Trace-Info': 'é', 'X-Trace-HMAC': hmacOf('é', 'new-key') },
      headersOf('not JSON'),
      headersOf('[]'),
      headersOf('null'),
      headersOf({ parent_id: BASE_ID }),
      headersOf({ base_id: BASE_ID, parent_id: {} }),
      headersOf({ base_id: 1.5, parent_id: BASE_ID }),
      headersOf({ base_id: '', parent_id: BASE_ID }),
      headersOf({ base_id: BASE_ID, parent_id: BASE_ID, hmac_key: 'x' }),
      headersOf('{"__proto__": {"base_id": "a", "parent_id": "b"}}'),
      headersOf('{"base_id": "a", "__proto__": {"parent_id": "b"}}'),
      headersOf({ base_id: 'x'.repeat(5_000), parent_id: 'y' }),
      { 'X-Trace-Info': 7, 'X-Trace-HMAC': {} },
      { 'X-Trace-Info': [], 'X-Trace-HMAC': [] },
    ];
    for (const headers of broken) {
      assert.equal(
        propagator.extract(before, headers, defaultTextMapGetter),
        before,
        JSON.stringify(headers),
      );
    }
    assert.equal(Object.hasOwn(Object.prototype, 'base_id'), false);
  });

  it('refuses signatures that are not exactly one', () => {
    const signed = signTraceInfo({ baseId: BASE_ID, parentId: BASE_ID }, 'new-key');
    for (const hmac of [
      '',
      signed.hmac.slice(1),
      `${signed.hmac}0`,
      signed.hmac.toUpperCase(),
      'z'.repeat(40),
    ]) {
      assert.equal(extract({ 'X-Trace-Info': signed.info, 'X-Trace-HMAC': hmac }), undefined, hmac);
    }
  });

  it('is not to be had without a key', () => {
    for (const hmacKeys of [[], ['']]) {
      assert.throws(
        () => new OsprofilerPropagator({ hmacKeys }),
        (error) => error instanceof BridgeError && error.code === 'CONFIG_INVALID',
      );
    }
  });
});
