/** What holds for every input and every order. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';
import { decode } from '../../src/codec/envelope.js';
import { toTraceId } from '../../src/mapping/ids.js';
import { isSampled } from '../../src/mapping/sampling.js';
import { formatPythonJson } from '../../src/python-json/format.js';
import type { PyObject, PyValue } from '../../src/python-json/parse.js';
import { pointKey, type TraceEvent } from '../../src/trace-point.js';
import { Translator, type TranslatorOptions } from '../../src/translator.js';
import { captureNames } from '../support/captures.js';
import { anyId, MOMENT, property, start, stop } from '../support/notifications.js';
import { notificationsOf, otlpJson, spansIn, translate } from '../support/translating.js';
import { assertValid, nanosOf } from '../support/valid-span.js';

/** Traces that are small enough to be shuffled hundreds of times. */
const SMALL = ['py-nested', 'py-exceptions', 'keystone-no-db', 'py-names', 'py-oddids', 't13-py-requests'];

/** Each span's bytes, in an order that does not depend on that in which they left. */
function bytesOf(spans: readonly ReadableSpan[]): string[] {
  return spans.map((span) => otlpJson([span])).sort();
}

describe('recorded traces', () => {
  for (const name of SMALL) {
    it(`of ${name} give the same spans in any order, with any half given again while it waits`, () => {
      const notifications = notificationsOf(name);
      const expected = bytesOf(spansIn(translate(notifications)));
      const shuffled = fc.shuffledSubarray(notifications, { minLength: notifications.length });
      const again = fc.array(fc.nat(notifications.length - 1), { maxLength: 10 });
      fc.assert(
        fc.property(shuffled, again, (halves, repeats) => {
          assert.deepEqual(bytesOf(spansIn(translate(withRepeats(halves, repeats)))), expected);
        }),
        property(60),
      );
    });

    it(`of ${name} give the same spans and the same root span in any order`, () => {
      const notifications = notificationsOf(name);
      const rootSpan = { rootSpan: true };
      const expected = bytesOf(spansIn(translate(notifications, rootSpan)));
      const shuffled = fc.shuffledSubarray(notifications, { minLength: notifications.length });
      fc.assert(
        fc.property(shuffled, (halves) => {
          assert.deepEqual(bytesOf(spansIn(translate(halves, rootSpan))), expected);
        }),
        property(30),
      );
    });
  }

  it('give the same bytes whenever they are translated, with all settings', () => {
    const options: TranslatorOptions = { sqlParameters: true, results: true, rootSpan: true };
    for (const name of captureNames()) {
      const once = otlpJson(spansIn(translate(notificationsOf(name), options)));
      assert.equal(otlpJson(spansIn(translate(notificationsOf(name), options))), once, name);
    }
  });

  it('give only spans that OTLP can hold', () => {
    for (const name of captureNames()) {
      for (const span of spansIn(translate(notificationsOf(name), { sqlParameters: true, results: true }))) {
        assertValid(span);
      }
    }
  });

  it('have no span of a trace that sampling left out', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean(), (sampleRatio, rootSpan) => {
        for (const name of SMALL) {
          const options = { sampleRatio, rootSpan };
          for (const span of spansIn(translate(notificationsOf(name), options))) {
            assert.ok(sampleRatio === 1 || isSampled(span.spanContext().traceId, sampleRatio));
          }
        }
      }),
      property(25),
    );
  });

  it('are called by the service, after its project unless it begins with that', () => {
    const services = new Set<string>();
    for (const name of captureNames()) {
      for (const { resource, attributes } of spansIn(translate(notificationsOf(name)))) {
        const project = String(attributes['osprofiler.project']);
        const service = String(attributes['osprofiler.service']);
        const expected = service.startsWith(project) ? service : `${project}-${service}`;
        assert.equal(resource.attributes['service.name'], expected);
        services.add(expected);
      }
    }
    for (const service of ['keystone-public', 'nova-conductor', 'neutron-server', 'nova-osapi_compute']) {
      assert.ok(services.has(service), service);
    }
  });
});

/** Repeats some halves right behind themselves, where their other half has not come yet. */
function withRepeats(halves: readonly TraceEvent[], repeats: readonly number[]): TraceEvent[] {
  const seen = new Set<string>();
  return halves.flatMap((half, index) => {
    const key = pointKey(half);
    const isFirst = !seen.has(key);
    seen.add(key);
    return isFirst && repeats.includes(index) ? [half, half] : [half];
  });
}

describe('any notification', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom('\ud800', 'a\udc00b', '__proto__', 'constructor', 'toString', 'password', '\0', '😀'),
    fc.constant('x'.repeat(600)),
  );
  const scalar: fc.Arbitrary<PyValue> = fc.oneof(
    text,
    fc.boolean(),
    fc.constant(null),
    fc.integer(),
    fc.double(),
    fc.bigInt(),
    fc.constantFrom(Number.NaN, Number.NEGATIVE_INFINITY, 2 ** 53, -0, 2n ** 70n),
  );
  const key = fc.oneof(
    { weight: 3, arbitrary: text },
    {
      weight: 5,
      arbitrary: fc.constantFrom(
        ...['request', 'requests', 'db', 'function', 'etype', 'message', 'host', 'method', 'path', 'query'],
        ...[
          'scheme',
          'hostname',
          'port',
          'status_code',
          'statement',
          'params',
          'result',
          'name',
          'args',
          'kwargs',
        ],
      ),
    },
  );
  const { tree } = fc.letrec<{ tree: PyValue }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      scalar,
      fc.array(tie('tree'), { maxLength: 4 }),
      objectOf(key, tie('tree')),
    ),
  }));
  const info = objectOf(key, tree);
  const half = fc.record({
    baseId: anyId(),
    traceId: anyId(),
    parentId: anyId(),
    name: text,
    project: text,
    service: text,
    host: text,
    info,
    timestamp: fc.integer({ min: 1_000, max: 8_999_999_999_999_999 }),
  });
  /** The stop may be earlier than the start: clocks are set. */
  const lags = fc.integer({ min: -1_000, max: 1_000_000 });
  const options = fc.record(
    {
      mask: fc.constantFrom('on' as const, 'strict' as const, 'off' as const),
      sqlParameters: fc.boolean(),
      results: fc.boolean(),
      rootSpan: fc.boolean(),
      drop: fc.constant(['db']),
      attributeCountLimit: fc.nat(12),
      attributeValueLengthLimit: fc.constantFrom(0, 1, 2, 50),
      serviceName: fc.constantFrom('', '{project}-{service}', 'x'),
    },
    { requiredKeys: [] },
  );

  it('becomes a span that OTLP can hold, within the limits', () => {
    fc.assert(
      fc.property(half, info, fc.nat(3), lags, options, (begun, ended, lacks, lag, settings) => {
        const notifications = [
          ...(lacks === 1 ? [] : [start(begun)]),
          ...(lacks === 2 ? [] : [stop({ ...begun, info: ended, timestamp: begun.timestamp + lag })]),
        ];
        const made = translate(notifications, settings);
        for (const { kind } of made) assert.notEqual(kind, 'failed');
        for (const span of spansIn(made)) {
          assertValid(span, settings);
          assert.equal(span.spanContext().traceId, toTraceId(begun.baseId));
        }
      }),
      property(1_000),
    );
  });

  it('is read from the wire or refused with a reason, and never throws', () => {
    const payload = fc.oneof(
      objectOf(fc.oneof(key, fc.constantFrom('base_id', 'trace_id', 'parent_id', 'timestamp', 'info')), tree),
      half.map(({ baseId, traceId, parentId, name, project, service, info: told }) => ({
        ...{ name: `${name}-start`, base_id: baseId, trace_id: traceId, parent_id: parentId },
        ...{ timestamp: '2026-11-22T07:29:39.892094', info: told, project, service },
      })),
    );
    fc.assert(
      fc.property(payload, (whole) => {
        const message = { event_type: 'profiler.x', payload: whole } as unknown as PyValue;
        const decoded = decode(Buffer.from(formatPythonJson(message)));
        assert.notEqual(decoded.kind, 'foreign');
        if (decoded.kind !== 'event') return;
        for (const span of spansIn(translate([decoded.event]))) assertValid(span);
      }),
      property(500),
    );
  });

  it('may be nested without end: it then fails alone or loses its leaves, and the translator goes on', () => {
    for (const depth of [99, 101, 2_000, 50_000]) {
      let nested: PyValue = 'leaf';
      for (let level = 0; level < depth; level++) nested = level % 2 === 0 ? [nested] : { a: nested };
      const translator = new Translator({ dropSqlShorterThanMs: 1 });
      translator.add(start({ info: { a: nested, db: { statement: 'SELECT 1' } } }), undefined);
      const ended = stop({ info: { a: nested, etype: nested, message: nested } });
      for (const made of translator.add(ended, undefined)) {
        if (made.kind === 'span') assertValid(made.span);
        else assert.equal(made.kind, 'failed');
      }
      translator.add(start({ traceId: 'next' }), undefined);
      assert.equal(translator.add(stop({ traceId: 'next' }), undefined)[0]?.kind, 'span');
    }
  });

  it('of megabytes becomes a span of kilobytes', () => {
    const huge = 'päss '.repeat(500_000);
    const wide = Object.fromEntries(
      Array.from({ length: 50_000 }, (_nothing, index) => [`k${index}`, index]),
    );
    const begun = start({ info: { function: { name: huge, args: huge }, huge, wide } });
    const [span] = spansIn(translate([begun, stop({ info: { etype: 'E', message: huge } })]));
    assert.ok(span !== undefined);
    assertValid(span);
    assert.ok(otlpJson([span]).length < 200_000);
    assert.ok(span.droppedAttributesCount > 49_000);
  });
});

/** An object with own properties only, `__proto__` among them, as the parser makes them. */
function objectOf(key: fc.Arbitrary<string>, value: fc.Arbitrary<PyValue>): fc.Arbitrary<PyObject> {
  return fc.array(fc.tuple(key, value), { maxLength: 5 }).map((entries) => {
    const object: PyObject = {};
    for (const [name, inner] of entries) {
      Object.defineProperty(object, name, {
        value: inner,
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
    return object;
  });
}

describe('times', () => {
  it('are exact over the whole range that notifications can tell', () => {
    const whole = fc.integer({ min: 0, max: 8_999_999_999_999_999 });
    fc.assert(
      fc.property(whole, whole, (one, other) => {
        const [begin, end] = one < other ? [one, other] : [other, one];
        const [span] = spansIn(translate([start({ timestamp: begin }), stop({ timestamp: end })]));
        assert.equal(nanosOf(span!.startTime), BigInt(begin) * 1_000n);
        assert.equal(nanosOf(span!.endTime), BigInt(end) * 1_000n);
      }),
      property(200),
    );
    assert.ok(MOMENT > 0);
  });
});
