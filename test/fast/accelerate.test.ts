/** The accelerator and the specification give the same answers, byte for byte, in decoding and in encoding. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Assembler } from '../../src/assembler.js';
import type { Decoded } from '../../src/codec/envelope.js';
import { EncodedSpan, type OutgoingSpan } from '../../src/encoded-span.js';
import { JSON_ENCODING } from '../../src/export/json-encoding.js';
import { PROTOBUF_ENCODING } from '../../src/export/protobuf-encoding.js';
import { accelerate } from '../../src/fast/accelerate.js';
import { type Pipeline, SpecPipeline } from '../../src/pipeline.js';
import { isObject } from '../../src/python-json/parse.js';
import type { TraceEvent } from '../../src/trace-point.js';
import type { TranslatorOptions } from '../../src/translator.js';
import { captureNames, type RecordedMessage, readCapture } from '../support/captures.js';
import { goldenNames, readGoldenMessages } from '../support/golden.js';
import { MOMENT, property } from '../support/notifications.js';
import { shown } from '../support/shown.js';

const ENCODINGS = [JSON_ENCODING, PROTOBUF_ENCODING];
const OPTIONS: readonly TranslatorOptions[] = [
  {},
  { rootSpan: true, results: true, mask: 'off' },
  { sqlParameters: true, serviceName: '{project}-{service}' },
  { shiftMicros: 5, mask: 'strict', attributeValueLengthLimit: 20, attributeCountLimit: 7 },
];

/** The spans of messages, in the order in which they leave. */
function spansOf(pipeline: Pipeline, messages: readonly RecordedMessage[], options: TranslatorOptions) {
  const assembler = new Assembler<undefined>(options);
  const assembled = messages.flatMap(({ body, properties }) => {
    const decoded = pipeline.decode(body, properties);
    return decoded.kind === 'event' ? assembler.add(decoded.event, undefined) : [];
  });
  return [...assembled, ...assembler.flush()].flatMap((each): OutgoingSpan[] => {
    if (each.kind === 'root') return [pipeline.encodeRoot(each.of, each.begin, each.end)];
    return each.kind === 'point' ? [pipeline.encode(each.point)] : [];
  });
}

function assertSameSpans(messages: readonly RecordedMessage[], options: TranslatorOptions): void {
  for (const encoding of ENCODINGS) {
    const spec = new SpecPipeline({ mapping: options, encoding });
    const expected = spansOf(spec, messages, options) as EncodedSpan[];
    const spans = spansOf(accelerate(new SpecPipeline({ mapping: options, encoding })), messages, options);
    assertSameEncoded(spans as EncodedSpan[], expected);
    const [one, other] = [encoding.join(spans as EncodedSpan[]), encoding.join(expected)];
    assert.equal(Buffer.from(one).toString('hex'), Buffer.from(other).toString('hex'));
  }
}

function assertSameEncoded(spans: readonly EncodedSpan[], expected: readonly EncodedSpan[]): void {
  assert.deepEqual(spans.map(visible), expected.map(visible));
}

function visible({ traceId, endMicros, bytes, begin, end, resource }: EncodedSpan) {
  return { traceId, endMicros, text: bytes.toString('latin1', begin, end), resource: resource.attributes };
}

/** Without what only one of them says: keys of templates, and parameters that nobody reads. */
function comparable(decoded: Decoded, hasParameters: boolean): unknown {
  if (decoded.kind !== 'event') return decoded;
  const { templateKey: _key, info, ...event } = decoded.event;
  const db = Object.keys(info).join() === 'db,host' && !hasParameters ? info['db'] : undefined;
  if (!isObject(db) || typeof db['statement'] !== 'string') return { ...event, info };
  return { ...event, info: { db: { statement: db['statement'] }, host: info['host'] } };
}

function assertSameEvent(fast: Pipeline, spec: SpecPipeline, { body, properties }: RecordedMessage): void {
  const hasParameters = spec.sqlParameters;
  assert.deepStrictEqual(
    comparable(fast.decode(body, properties), hasParameters),
    comparable(spec.decode(body, properties), hasParameters),
  );
}

const captures = new Map(captureNames().map((name) => [name, readCapture(name)]));
const all = [...captures.values()].flat();

describe('the accelerator', () => {
  for (const [name, messages] of captures)
    it(`makes the same spans of ${name} as the specification, with any options`, () => {
      for (const options of OPTIONS) assertSameSpans(messages, options);
    });

  it('makes the same spans of every golden file', () => {
    for (const name of goldenNames())
      for (const options of OPTIONS) assertSameSpans(readGoldenMessages(name), options);
  });

  it('decodes captures as the specification does, damaged or not, with SQL parameters or without', () => {
    for (const sqlParameters of [true, false]) {
      const spec = new SpecPipeline({ mapping: { sqlParameters }, maxMessageBytes: 20_000 });
      const fast = accelerate(spec);
      for (const message of all) assertSameEvent(fast, spec, message);
      const damage = fc.record({
        index: fc.nat(all.length - 1),
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        cut: fc.nat(12),
        piece: fc.constantFrom('"', '\\', '}', '{', ', ', '": "', '\n', '\u00e9', '\\"', '0', ''),
      });
      fc.assert(
        fc.property(damage, ({ index, at, cut, piece }) => {
          const { body, ...rest } = all[index]!;
          const from = Math.floor(at * body.length);
          const parts = [body.subarray(0, from), Buffer.from(piece), body.subarray(from + cut)];
          assertSameEvent(fast, spec, { ...rest, body: Buffer.concat(parts) });
        }),
        property(2_000),
      );
    }
  });

  it('leaves compressed and oversized messages to the specification', () => {
    const spec = new SpecPipeline({ maxMessageBytes: 10 });
    assert.deepEqual(accelerate(spec).decode(Buffer.alloc(11), {}), spec.decode(Buffer.alloc(11), {}));
    const headers = { compression: 'none-such' };
    const [{ body }] = all as [RecordedMessage];
    const decoded = accelerate(new SpecPipeline()).decode(body, { headers });
    assert.equal(decoded.kind === 'malformed' && decoded.reason, 'compression-unsupported');
  });

  it('leaves spans as the mapping makes them to sinks without an encoding', () => {
    const messages = captures.get('keystone-no-db')!;
    const spans = spansOf(accelerate(new SpecPipeline()), messages, {});
    const expected = spansOf(new SpecPipeline(), messages, {});
    assert.deepEqual(spans.map(readable), expected.map(readable));
  });

  it('makes the same spans whatever ids, times, hosts and names events have', () => {
    const options = fc.record({
      rootSpan: fc.boolean(),
      shiftMicros: fc.constantFrom(0, 7, -1_000_000),
      attributeValueLengthLimit: fc.constantFrom(4_096, 36, 20, 3),
      attributeCountLimit: fc.constantFrom(128, 7, 4, 2),
      mask: fc.constantFrom('on' as const, 'strict' as const, 'off' as const),
    });
    fc.assert(
      fc.property(options, somePoints, (chosen, points) => {
        for (const encoding of ENCODINGS) {
          const spec = new SpecPipeline({ mapping: chosen, encoding });
          const fast = accelerate(spec);
          for (const point of points)
            assertSameEncoded([fast.encode(point) as EncodedSpan], [spec.encode(point) as EncodedSpan]);
        }
      }),
      property(400),
    );
  });
});

/** Each mapper has resources of its own. */
function readable(span: OutgoingSpan) {
  assert.ok(!(span instanceof EncodedSpan));
  return { ...shown(span), resource: span.resource.attributes };
}

const STATEMENTS = ["SELECT a FROM t WHERE b = 'x' AND password = 'secret'", 'no SQL é', ''];
const HOSTS = ['a', 'b', ''];
const id = fc.oneof(
  fc.uuid().filter((each) => !each.endsWith('0000-000000000000')),
  fc.constantFrom('05f7ba29-f4f3-423a-9d56-3fde5b7883e9', '05f7ba29-f4f3-423a-9d56-3fde5b788300'),
);
const time = fc.oneof(
  { weight: 5, arbitrary: fc.constant(MOMENT) },
  fc.constantFrom(0, 1, 2 ** 32, 1e15 - 1, 1e15, 8_993_721_599_999_999),
  fc.integer({ min: 0, max: 8_993_721_599_999_999 }),
);

interface Kind {
  readonly statement: number;
  readonly host: number;
  readonly name: string;
}

const kind: fc.Arbitrary<Kind> = fc.record({
  statement: fc.integer({ min: -1, max: STATEMENTS.length - 1 }),
  host: fc.nat(HOSTS.length - 1),
  name: fc.constantFrom('db', 'work', ''),
});
const stopKind = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      statement: fc.constant(-1),
      host: kind.map(({ host }) => host),
      name: fc.constant('db'),
    }),
  },
  kind,
);

const pointKind = fc.record({ isRoot: fc.boolean(), start: kind, stop: stopKind });

/** Points whose events have keys, as the message reader gives them. Of few kinds, so that most have a template. */
const somePoints = fc.array(pointKind, { minLength: 1, maxLength: 2 }).chain((kinds) =>
  fc.array(
    fc
      .record({
        of: fc.nat(kinds.length - 1),
        ids: fc.tuple(id, id, id),
        begin: time,
        lasts: fc.oneof(fc.integer({ min: -3, max: 5_000_000 }), fc.integer({ min: 0, max: 2 ** 45 })),
      })
      .map(({ of, ids: [baseId, traceId, parentId], begin, lasts }) => {
        const { isRoot, start, stop } = kinds[of]!;
        const shared = { baseId, traceId, parentId: isRoot ? baseId : parentId };
        const end = Math.min(Math.max(0, begin + lasts), 8_993_721_599_999_999);
        return {
          start: eventOf('start', start, { ...shared, timestamp: begin }),
          stop: eventOf('stop', stop, { ...shared, timestamp: end }),
        };
      }),
    { minLength: 1, maxLength: 12 },
  ),
);

function eventOf(
  phase: TraceEvent['phase'],
  { statement, host: hostIndex, name }: Kind,
  changes: Pick<TraceEvent, 'baseId' | 'traceId' | 'parentId' | 'timestamp'>,
): TraceEvent {
  const host = HOSTS[hostIndex]!;
  const info = statement === -1 ? { host } : { db: { statement: STATEMENTS[statement]! }, host };
  const kindNumber = (statement + 1) * HOSTS.length + hostIndex;
  const templateKey = (kindNumber * 3 + ['db', 'work', ''].indexOf(name)) * 2 + Number(phase === 'stop');
  return { phase, name, info, project: 'nova', service: 'api', host, ...changes, templateKey };
}
