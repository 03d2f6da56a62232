import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';
import type { MappingOptions } from '../../src/mapping/options.js';
import { SpanMapper } from '../../src/mapping/span.js';
import type { PyObject } from '../../src/python-json/parse.js';
import type { PointEvents } from '../../src/trace-point.js';
import { PACKAGE_NAME, PACKAGE_VERSION } from '../../src/version.js';
import { anyId, BASE_ID, MOMENT, property, start, stop, TRACE_ID } from '../support/notifications.js';

const SECONDS = Math.floor(MOMENT / 1_000_000);
const MICROS = MOMENT % 1_000_000;

describe('the span of a trace point', () => {
  it('has the ids, the times and the service of its notifications', () => {
    const span = map({ start: start({ parentId: 'ffffffff-0000-4000-9000-00000000000f' }), stop: stop() });
    const { traceId, spanId, traceFlags } = span.spanContext();
    assert.equal(traceId, BASE_ID.replaceAll('-', ''));
    assert.equal(spanId, '8dddeeeeeeeeeeee');
    assert.equal(traceFlags, TraceFlags.SAMPLED);
    assert.equal(span.parentSpanContext?.traceId, traceId);
    assert.equal(span.parentSpanContext?.spanId, '900000000000000f');
    assert.deepEqual(span.startTime, [SECONDS, MICROS * 1000]);
    assert.deepEqual(span.endTime, [SECONDS, (MICROS + 1_500) * 1000]);
    assert.deepEqual(span.duration, [0, 1_500_000]);
    assert.equal(span.resource.attributes['service.name'], 'nova-conductor');
    assert.deepEqual(span.instrumentationScope, {
      name: PACKAGE_NAME,
      version: PACKAGE_VERSION,
      schemaUrl: 'https://opentelemetry.io/schemas/1.45.0',
    });
    assert.equal(span.ended, true);
    assert.deepEqual(span.links, []);
  });

  it('has no parent when its parent is the trace', () => {
    assert.equal(map({ start: start(), stop: stop() }).parentSpanContext, undefined);
    const integers = { baseId: 5n, parentId: 5n };
    assert.equal(map({ start: start(integers), stop: stop(integers) }).parentSpanContext, undefined);
  });

  it('says what it was made of', () => {
    const { attributes } = map({ start: start(), stop: stop() });
    assert.deepEqual(attributes, {
      'osprofiler.base_id': BASE_ID,
      'osprofiler.trace_id': TRACE_ID,
      'osprofiler.parent_id': BASE_ID,
      'osprofiler.name': 'work',
      'osprofiler.project': 'nova',
      'osprofiler.service': 'nova-conductor',
    });
  });

  it('is named after it, also when it has no name', () => {
    const span = map({ start: start(), stop: stop({ name: 'other' }) });
    assert.deepEqual([span.name, span.kind], ['work', SpanKind.INTERNAL]);
    assert.equal(span.attributes['osprofiler.name'], 'work', "a stop named otherwise keeps the start's name");
    assert.equal(map({ start: start({ name: '' }), stop: stop() }).name, 'osprofiler');
  });

  it('ends when it began if its stop was earlier, and says by how much', () => {
    const span = map({ start: start(), stop: stop({ timestamp: MOMENT - 7 }) });
    assert.deepEqual(span.endTime, span.startTime);
    assert.deepEqual(span.duration, [0, 0]);
    assert.equal(span.attributes['osprofiler.clock_skew_us'], 7);
  });

  it('is moved in time as a whole', () => {
    const shiftMicros = 3_000_000 + 5;
    const failed = stop({ info: { etype: 'E', message: 'm' } });
    const span = map({ start: start(), stop: failed }, { shiftMicros });
    assert.deepEqual(span.startTime, [SECONDS + 3, (MICROS + 5) * 1000]);
    assert.deepEqual(span.endTime, [SECONDS + 3, (MICROS + 1_505) * 1000]);
    assert.deepEqual(span.events[0]?.time, span.endTime);
  });

  it('is marked and has no length when its stop is missing', () => {
    const span = map({ start: start(), stop: undefined });
    assert.equal(span.attributes['osprofiler.incomplete'], 'stop missing');
    assert.deepEqual(span.endTime, span.startTime);
    assert.equal(span.status.code, SpanStatusCode.UNSET);
  });

  it('is marked and stays unset when its start is missing, whatever its stop says', () => {
    const span = map({ start: undefined, stop: stop({ info: { etype: 'E', message: 'm' } }) });
    assert.equal(span.attributes['osprofiler.incomplete'], 'start missing');
    assert.deepEqual(span.startTime, [SECONDS, (MICROS + 1_500) * 1000]);
    assert.deepEqual(span.endTime, span.startTime);
    assert.equal(span.status.code, SpanStatusCode.UNSET);
    assert.equal(span.events[0]?.name, 'exception');
  });

  it('has the error of its stop', () => {
    const span = map({ start: start(), stop: stop({ info: { etype: 'ValueError', message: 'no good' } }) });
    assert.deepEqual(span.status, { code: SpanStatusCode.ERROR, message: 'no good' });
    assert.equal(span.attributes['error.type'], 'ValueError');
    assert.deepEqual(span.events, [
      {
        name: 'exception',
        time: span.endTime,
        attributes: { 'exception.type': 'ValueError', 'exception.message': 'no good' },
        droppedAttributesCount: 0,
      },
    ]);
  });

  it('leaves the description out when the message is null or empty, and writes as JSON what is no text', () => {
    const messages: [PyObject, string | undefined][] = [
      [{ etype: 'E' }, undefined],
      [{ etype: 'E', message: null }, undefined],
      [{ etype: 'E', message: '' }, undefined],
      [{ etype: 'E', message: 404 }, '404'],
      [{ etype: 'E', message: { a: [2n ** 70n] } }, '{"a":["1180591620717411303424"]}'],
    ];
    for (const [info, expected] of messages) {
      const { status } = map({ start: start(), stop: stop({ info }) });
      assert.equal(status.code, SpanStatusCode.ERROR);
      assert.equal(status.message, expected);
    }
  });

  it('is no error when the exception has no type', () => {
    for (const info of [{ etype: '' }, { etype: null }, { message: 'only words' }]) {
      assert.equal(map({ start: start(), stop: stop({ info }) }).status.code, SpanStatusCode.UNSET);
    }
  });

  it('keeps tracebacks whole in the stack trace', () => {
    const message = `Remote error\nTraceback (most recent call last):\n  File "x"\n`;
    const { events } = map({ start: start(), stop: stop({ info: { etype: 'E', message } }) });
    assert.equal(events[0]?.attributes?.['exception.stacktrace'], message);
  });

  it('is a child of the root span when there is one, whose id is that of the trace', () => {
    const mapper = new SpanMapper({ rootSpan: true });
    const span = mapper.toSpan({ start: start(), stop: stop() });
    const root = mapper.rootSpan(start(), MOMENT, MOMENT + 10);
    assert.deepEqual(root.spanContext(), span.parentSpanContext);
    assert.equal(root.spanContext().spanId, '8444555555555555');
    assert.equal(root.parentSpanContext, undefined);
    assert.deepEqual(root.duration, [0, 10_000]);
  });

  it('takes at least one half', () => {
    assert.throws(() => map({ start: undefined, stop: undefined }), TypeError);
  });

  it('is the same, byte for byte, whenever the same notifications come', () => {
    const info = fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 });
    const half = fc.record({ baseId: anyId(), traceId: anyId(), parentId: anyId(), info });
    fc.assert(
      fc.property(half, info, fc.boolean(), (changes, ended, isWhole) => {
        const point = () => ({
          start: start({ ...changes, info: structuredClone(changes.info) as PyObject }),
          stop: isWhole ? stop({ ...changes, info: structuredClone(ended) as PyObject }) : undefined,
        });
        assert.equal(asText(map(point())), asText(map(point())));
      }),
      property(),
    );
  });

  it('is fit for OTLP whatever the notifications hold', () => {
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.bigInt(),
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, '\ud800', '__proto__', 2 ** 60),
    );
    const keys = fc.constantFrom(
      ...[
        'request',
        'requests',
        'db',
        'function',
        'etype',
        'message',
        'host',
        'method',
        'path',
        'query',
        'scheme',
      ],
      ...[
        'statement',
        'params',
        'name',
        'args',
        'kwargs',
        'status_code',
        'hostname',
        'port',
        'result',
        '__proto__',
      ],
    );
    const inner = fc.dictionary(keys, value, { maxKeys: 5 });
    const info = fc.dictionary(keys, fc.oneof(value, inner), { maxKeys: 5 });
    const options = fc.record({
      mask: fc.constantFrom('on' as const, 'strict' as const, 'off' as const),
      sqlParameters: fc.boolean(),
      results: fc.boolean(),
      attributeCountLimit: fc.constantFrom(0, 8, 128),
      attributeValueLengthLimit: fc.constantFrom(0, 3, 4096),
    });
    fc.assert(
      fc.property(info, info, options, fc.string({ maxLength: 8 }), (begun, ended, mapping, name) => {
        const point = {
          start: start({ name, info: begun as PyObject }),
          stop: stop({ info: ended as PyObject }),
        };
        const span = map(point, mapping);
        assert.ok(span.name.length > 0);
        assert.ok(Object.keys(span.attributes).length <= mapping.attributeCountLimit);
        const all = [span.attributes, ...span.events.map(({ attributes }) => attributes ?? {})];
        for (const attributes of all) for (const attribute of Object.values(attributes)) assertFit(attribute);
      }),
      property(1500),
    );
  });
});

/** Text, a boolean or a finite number that 64 bits hold. */
function assertFit(value: unknown): void {
  if (typeof value === 'string') assert.ok(value.isWellFormed());
  else if (typeof value === 'number') {
    assert.ok(
      Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value)),
      String(value),
    );
  } else assert.equal(typeof value, 'boolean');
}

function map(point: PointEvents, options: Partial<MappingOptions> = {}): ReadableSpan {
  return new SpanMapper(options).toSpan(point);
}

function asText(span: ReadableSpan): string {
  return JSON.stringify({ ...span, context: span.spanContext(), resource: span.resource.attributes });
}
