import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';
import { toSpanId, toTraceId } from '../../src/mapping/ids.js';
import { isObject, own, type PyObject, parsePythonJson } from '../../src/python-json/parse.js';
import type { Id, TraceEvent } from '../../src/trace-point.js';
import { Translator } from '../../src/translator.js';
import { type CapturedTrace, capturedTraces, osprofilerReports, traceOf } from './osprofiler-reports.js';
import { askPython } from './python.js';

/**
 * Each id's 128 and 64 bits in hex, or null where osprofiler draws a random id. osprofiler before 4 has no
 * uuid_to_int128: there its few lines stand here. Integers are cut to 128 bits, which osprofiler leaves to its OTLP
 * library.
 */
const IDS_PROGRAM = `
import json, sys, uuid
from osprofiler import _utils
if hasattr(sys, 'set_int_max_str_digits'):
    sys.set_int_max_str_digits(0)

def int128(value):
    return value if isinstance(value, int) else uuid.UUID(value).int

int128 = getattr(_utils, 'uuid_to_int128', int128)

def is_determined(value):
    try:
        return isinstance(value, int) or bool(uuid.UUID(value))
    except ValueError:
        return False

def judge(kind, text):
    value = int(text) if kind == 'bigint' else text
    if not is_determined(value):
        return None
    return ['%032x' % (int128(value) & (1 << 128) - 1), '%016x' % _utils.shorten_id(value)]

print(json.dumps([judge(*each) for each in json.load(sys.stdin)]))
`;

/** Both ids of osprofiler's for each, or null where they would be random. */
function judged(ids: readonly Id[]): ([string, string] | null)[] {
  return askPython(
    IDS_PROGRAM,
    ids.map((id) => [typeof id, String(id)]),
  ) as ([string, string] | null)[];
}

/** What stands where osprofiler would draw a random id, and for zeros, which OTLP has no room for. */
function hashed(id: Id): [string, string] {
  const digest = createHash('sha256').update(String(id)).digest('hex');
  return [digest.slice(0, 32), digest.slice(0, 16)];
}

function expectedIds(id: Id, judgement: [string, string] | null): [string, string] {
  const [trace, span] = judgement ?? hashed(id);
  const [traceHash, spanHash] = hashed(id);
  // A span id of W3C trace context, which osprofiler does not know, is kept.
  if (typeof id === 'string' && /^(?!0+$)[0-9a-f]{16}$/i.test(id)) return [trace, id.toLowerCase()];
  return [/^0+$/.test(trace) ? traceHash : trace, /^0+$/.test(span) ? spanHash : span];
}

/** White space and digits of many scripts, signs, and what else `int(text, 16)` looks at. */
const ODD = [
  ...' \t\n\v\f\r_+-xXgZ{}\u0000\u001c\u001f\u007f\u0085\u00a0\u1680\u2003\u2028\u3000\ufeff\u200b\u180e',
  ...'٠٩۵०९๓０９Ａ²½Ⅷ一\u{104a0}\u{1d7ce}\u{1d7ff}\u{1fbf9}',
  '\ud800',
];
const hexDigit = fc.constantFrom(...'0123456789abcdefABCDEF');
const hex = (length: number) => fc.string({ unit: hexDigit, minLength: length, maxLength: length });
const piece = fc.constantFrom('-', '--', 'urn:', 'uuid:', 'urn:uuid:', '{', '}', 'uurn:rn:', '-{', '_', ' ');

/** Text with other texts put in at some places. */
function mixed(text: fc.Arbitrary<string>, others: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const insertions = fc.array(fc.tuple(fc.nat(36), others), { minLength: 1, maxLength: 4 });
  return fc
    .tuple(text, insertions)
    .map(([start, inserted]) =>
      inserted.reduce((got, [at, other]) => got.slice(0, at) + other + got.slice(at), start),
    );
}

/** Text with some characters replaced, and so as many as before. */
function spoiled(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const changes = fc.array(fc.tuple(fc.nat(31), fc.constantFrom(...ODD)), { minLength: 1, maxLength: 3 });
  return fc
    .tuple(text, changes)
    .map(([start, changed]) =>
      changed.reduce((got, [at, odd]) => got.with(at, odd), Array.from(start)).join(''),
    );
}

/** 32 characters of which the first or last ones are no digits: blanks, a sign, 0x. */
const padded = fc
  .tuple(
    fc.constantFrom('', ' ', '\t\r\n', '\u2003', '+', ' +', '+ ', '++', '\u00a0+'),
    fc.constantFrom('', '0x', '0X_', '0x__', '0_', '_', '00x', '0', '00'),
    hex(32),
    fc.constantFrom('', ' ', '  \n', '_', '\u3000', '\u0000'),
  )
  .map(([before, prefix, digits, after]) => {
    const room = 32 - before.length - prefix.length - after.length;
    return before + prefix + digits.slice(0, room) + after;
  });

const anyForm: fc.Arbitrary<Id> = fc.oneof(
  { weight: 3, arbitrary: fc.uuid() },
  fc.uuid().map((uuid) => uuid.toUpperCase()),
  hex(32),
  fc.uuid().map((uuid) => `{${uuid}}`),
  fc.uuid().map((uuid) => `urn:uuid:${uuid}`),
  hex(32).map((digits) => digits.replace(/.{16}$/, '0'.repeat(16))),
  mixed(fc.uuid(), piece),
  mixed(hex(32), piece),
  { weight: 3, arbitrary: spoiled(hex(32)) },
  { weight: 3, arbitrary: padded },
  mixed(padded, piece),
  fc.tuple(hex(32), fc.constantFrom('-', 'urn:', '{', '}'), fc.nat(200)).map(([a, b, n]) => b.repeat(n) + a),
  fc.nat(40).chain(hex),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 5000n), max: 2n ** 5000n }),
  fc.constantFrom(
    '',
    '0',
    0n,
    -1n,
    2n ** 64n,
    2n ** 128n,
    -(2n ** 127n),
    '00000000-0000-0000-0000-000000000000',
  ),
);

/** Only the first of halves that came twice, so that both sides have one of each. */
function withoutDuplicates(trace: CapturedTrace): CapturedTrace {
  const seen = new Set<string>();
  const firsts = trace.notifications.map(({ traceId, phase: half }) => {
    const key = `${traceId} ${half}`;
    const isFirst = !seen.has(key);
    seen.add(key);
    return isFirst;
  });
  return {
    capture: trace.capture,
    notifications: trace.notifications.filter((_, index) => firsts[index]),
    bodies: trace.bodies.filter((_, index) => firsts[index]),
  };
}

/** A trace point: its id, the one it is shown below (none at the top) and its duration in whole milliseconds. */
type Point = readonly [id: string, parent: string | undefined, milliseconds: number];

function reportedPoints(report: string): Point[] {
  const parsed = parsePythonJson(report);
  assert.ok(parsed.ok && isObject(parsed.value));
  return below(parsed.value, undefined);
}

function below(node: PyObject, parent: string | undefined): Point[] {
  const children = own(node, 'children') as PyObject[];
  return children.flatMap((child) => {
    const id = String(own(child, 'trace_id'));
    const { started, finished } = own(child, 'info') as { started: number; finished: number };
    return [[id, parent, finished - started] as const, ...below(child, id)];
  });
}

function spansOf(notifications: readonly TraceEvent[]): ReadableSpan[] {
  const translator = new Translator();
  const translated = [
    ...notifications.flatMap((notification) => translator.add(notification, undefined)),
    ...translator.flush(),
  ];
  return translated.flatMap((each) => (each.kind === 'span' ? [each.span] : []));
}

function spanPoints(spans: readonly ReadableSpan[]): Point[] {
  const pointIds = new Map(spans.map((span) => [span.spanContext().spanId, pointId(span)]));
  const beginning = Math.min(...spans.flatMap((span) => times(span)));
  return spans.map((span) => {
    // As osprofiler rounds: both ends down to milliseconds since the first time in the trace.
    const [start, end] = times(span).map((micros) => Math.trunc((micros - beginning) / 1000));
    return [pointId(span), pointIds.get(span.parentSpanContext?.spanId ?? ''), end! - start!] as const;
  });
}

function pointId({ attributes }: ReadableSpan): string {
  return String(attributes['osprofiler.trace_id']);
}

/** Both in microseconds. A span cannot end before it starts; osprofiler's points do, and the span says by how much. */
function times({ startTime, endTime, attributes }: ReadableSpan): [number, number] {
  const skew = Number(attributes['osprofiler.clock_skew_us'] ?? 0);
  const [start, end] = [startTime, endTime].map(([seconds, nanos]) => seconds * 1e6 + nanos / 1000);
  return [start!, end! - skew];
}

function byId(points: readonly Point[]): Point[] {
  return points.toSorted(([a], [b]) => (a < b ? -1 : 1));
}

describe('real osprofiler as the judge', () => {
  it('gives the same ids to 10,000 identifiers; where it draws random ones, ours are hashes, or the W3C span id that was sent', () => {
    const ids = fc.sample(anyForm, { seed: 20_261_122, numRuns: 10_000 });
    const judgements = judged(ids);
    for (const [index, id] of ids.entries()) {
      const expected = expectedIds(id, judgements[index]!);
      assert.deepEqual([toTraceId(id), toSpanId(id)], expected, JSON.stringify(String(id)));
    }
    const determined = judgements.filter((each) => each !== null).length;
    assert.ok(determined > 5000 && determined < 9000, `${determined} of them are UUIDs or integers`);
  });

  it('has the same tree, number of points and durations in its report of every capture', () => {
    const traces = capturedTraces().map(withoutDuplicates);
    const reports = osprofilerReports(traces, 'whole');
    for (const [index, { capture, notifications }] of traces.entries()) {
      const points = spanPoints(spansOf(notifications));
      assert.deepEqual(byId(points), byId(reportedPoints(reports[index]!)), capture);
    }
  });
});

describe('known differences from real osprofiler', () => {
  const BASE = '11111111-2222-4333-8444-555555555555';
  const POINT = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';
  const OTHER = 'bbbbbbbb-bbbb-4ccc-8ddd-eeeeeeeeeeee';

  function half(name: string, millisecond: number, traceId = POINT, parentId = BASE) {
    const timestamp = `2026-11-22T07:29:39.${String(millisecond).padStart(3, '0')}000`;
    const info = { host: 'h' };
    return {
      name,
      base_id: BASE,
      trace_id: traceId,
      parent_id: parentId,
      timestamp,
      info,
      project: 'p',
      service: 's',
    };
  }

  function compared(...payloads: ReturnType<typeof half>[]): { ours: Point[]; theirs: Point[] } {
    const bodies = payloads.map((payload) => Buffer.from(JSON.stringify(payload)));
    const trace = traceOf(bodies);
    return {
      ours: byId(spanPoints(spansOf(trace.notifications))),
      theirs: byId(reportedPoints(osprofilerReports([trace], 'whole')[0]!)),
    };
  }

  it('are that of a start that comes twice ours is the first, and osprofiler’s the last', () => {
    const { ours, theirs } = compared(half('a-start', 0), half('a-start', 3), half('a-stop', 10));
    assert.deepEqual(ours, [[POINT, undefined, 10]]);
    assert.deepEqual(theirs, [[POINT, undefined, 7]]);
  });

  it('are that of two parents in a point ours is the start’s, and osprofiler’s that of the half that came first', () => {
    const { ours, theirs } = compared(
      half('o-start', 0, OTHER),
      half('o-stop', 9, OTHER),
      half('a-stop', 5, POINT, OTHER),
      half('a-start', 1),
    );
    assert.deepEqual(ours, [
      [POINT, undefined, 4],
      [OTHER, undefined, 9],
    ]);
    assert.deepEqual(theirs, [
      [POINT, OTHER, 4],
      [OTHER, undefined, 9],
    ]);
  });
});
