/** A span that is made by a pattern must be the span that the mapping makes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';
import { type Gist, gistOf, infosOf, shareHostOnly } from '../../src/codec/gists.js';
import type { PyObject } from '../../src/codec/python-json.js';
import type { TraceEvent } from '../../src/codec/trace-event.js';
import type { MappingOptions } from '../../src/mapping/options.js';
import { type PointHalves, SpanMapper } from '../../src/mapping/span.js';
import { Pairer, pointId } from '../../src/pairing/pair.js';
import { readOnce, traceIdOf } from '../../src/span/unread-span.js';
import { UsualSpan } from '../../src/span/usual-span.js';
import { captureNames } from '../support/captures.js';
import { anyId, MOMENT, property, start } from '../support/notifications.js';
import { shown } from '../support/shown.js';
import { notificationsOf } from '../support/translating.js';

const BOUNDS = { maxOpenPoints: 1e6, maxOpenBytes: 1e12, pairTimeoutMs: 1e12 };

function pointsOf(name: string): PointHalves[] {
  const pairer = new Pairer<undefined>(BOUNDS);
  return notificationsOf(name, { sqlParameters: false }).flatMap((notification) => {
    const { complete } = pairer.add(pointId(notification), notification, undefined, 0, 0);
    return complete === undefined ? [] : [complete];
  });
}

/** The same of which nobody knows whether they say what others say. */
function withoutGists({ start, stop }: PointHalves): PointHalves {
  return { start: start && alone(start), stop: stop && alone(stop) };
}

function alone(notification: TraceEvent): TraceEvent {
  const info = { ...notification.info };
  assert.equal(gistOf({ ...notification, info }), undefined);
  return { ...notification, info };
}

/** Each mapper has resources of its own. */
const values = (span: ReadableSpan) => ({ ...shown(span), resource: span.resource.attributes });

function assertSame(span: ReadableSpan, expected: ReadableSpan): void {
  assert.ok(!(expected instanceof UsualSpan));
  assert.deepEqual(values(readOnce(span)), values(expected));
  assert.deepEqual(values(span), values(expected));
  assert.equal(traceIdOf(span), expected.spanContext().traceId);
}

describe('usual spans', () => {
  for (const name of captureNames()) {
    it(`of ${name} are what the mapping makes`, () => {
      const points = pointsOf(name);
      for (const options of [{}, { rootSpan: true, results: true, shiftMicros: 5, mask: 'off' }] as const) {
        const mapper = new SpanMapper(options);
        const other = new SpanMapper(options);
        for (const point of points)
          assertSame(mapper.toUnreadSpan(point), other.toUnreadSpan(withoutGists(point)));
      }
    });
  }

  it('are nearly all that a service makes', () => {
    const mapper = new SpanMapper();
    const spans = pointsOf('nova-server-boot-no-valid-host').map((point) => mapper.toUnreadSpan(point));
    const usual = spans.filter((span) => span instanceof UsualSpan);
    assert.ok(usual.length > 0.8 * spans.length, `${usual.length} of ${spans.length}`);
  });

  it('are none when their SQL parameters are wanted, which no pattern has', () => {
    const mapper = new SpanMapper({ sqlParameters: true });
    for (const point of pointsOf('nova-server-boot-no-valid-host'))
      assert.ok(!(mapper.toUnreadSpan(point) instanceof UsualSpan));
  });

  it('are whole spans to whoever asks for one', () => {
    const mapper = new SpanMapper();
    for (const point of pointsOf('keystone-no-db').slice(0, 20)) {
      const span = mapper.toSpan(point);
      assert.ok(!(span instanceof UsualSpan));
      assert.deepEqual({ ...span }.name, span.name);
    }
  });

  it('are what the mapping makes, whatever their ids, times, hosts and limits', () => {
    const point = fc.record({
      gist: fc.nat(GISTS.length - 1),
      stopGist: fc.nat(GISTS.length),
      ids: fc.tuple(id, id, id),
      isRoot: fc.boolean(),
      lasts: fc.integer({ min: -3, max: 5_000_000 }),
      hosts: fc.tuple(fc.constantFrom('a', 'b', ''), fc.constantFrom('a', 'b', '')),
    });
    const options: fc.Arbitrary<Partial<MappingOptions>> = fc.record({
      rootSpan: fc.boolean(),
      shiftMicros: fc.constantFrom(0, 7, -1_000_000),
      attributeValueLengthLimit: fc.constantFrom(4_096, 36, 20, 3),
      attributeCountLimit: fc.constantFrom(128, 7, 4, 2),
      mask: fc.constantFrom('on', 'strict', 'off'),
    });
    fc.assert(
      fc.property(options, fc.array(point, { minLength: 1, maxLength: 12 }), (chosen, points) => {
        const mapper = new SpanMapper(chosen);
        const other = new SpanMapper(chosen);
        for (const made of points.map(pointFrom))
          assertSame(mapper.toUnreadSpan(made), other.toUnreadSpan(withoutGists(made)));
      }),
      property(500),
    );
  });

  it('are made afresh when there are more kinds than are remembered', () => {
    const mapper = new SpanMapper();
    for (let round = 0; round < 2; round++)
      for (let at = 0; at < 5_000; at++) {
        const made = pointOf({ ...GISTS[1]!, name: `name ${at}` });
        assert.equal(mapper.toSpan(made).attributes['osprofiler.name'], `name ${at}`);
        assert.ok(mapper['usual']['patterns'].size <= 4_096);
      }
  });
});

const id = fc.oneof(
  { weight: 6, arbitrary: fc.uuid() },
  { weight: 1, arbitrary: anyId() },
  fc.constantFrom('00000000-0000-0000-0000-000000000000', '11111111-2222-4333-0000-000000000000'),
);
const SPEAKER = { project: 'nova', service: 'nova-conductor' };
const GISTS: readonly Gist[] = [
  { ...SPEAKER, name: 'db', statement: "SELECT a FROM t WHERE b = 'x' AND password = 'secret'" },
  { ...SPEAKER, name: 'work', statement: undefined },
  { ...SPEAKER, name: '', statement: 'no SQL é' },
  { project: '', service: '', name: 'n\ud800', statement: '' },
];

function pointFrom(chosen: {
  gist: number;
  stopGist: number;
  ids: [string | bigint, string | bigint, string | bigint];
  isRoot: boolean;
  lasts: number;
  hosts: [string, string];
}): PointHalves {
  const [baseId, traceId, parentId] = chosen.ids;
  const ids = { baseId, traceId, parentId: chosen.isRoot ? baseId : parentId };
  const begun = { ...ids, timestamp: MOMENT };
  const ended = { ...ids, timestamp: MOMENT + chosen.lasts };
  const [startHost, stopHost] = chosen.hosts;
  return {
    start: said('start', GISTS[chosen.gist]!, startHost, begun),
    stop: said('stop', GISTS[chosen.stopGist] ?? GISTS[1]!, stopHost, ended),
  };
}

function pointOf(gist: Gist): PointHalves {
  return { start: said('start', gist, 'a', {}), stop: said('stop', GISTS[1]!, 'a', {}) };
}

function said(half: 'start' | 'stop', gist: Gist, host: string, changes: Partial<TraceEvent>): TraceEvent {
  const { name, project, service, statement } = gist;
  const info = statement === undefined ? hostOnly(host) : infoAt(statement, host);
  return start({ phase: half, name, project, service, info, host, ...changes });
}

function hostOnly(host: string): PyObject {
  const info = Object.freeze({ host });
  shareHostOnly(info);
  return info;
}

const makers = new Map<string, (host: string) => PyObject>();

function infoAt(statement: string, host: string): PyObject {
  const make = makers.get(statement) ?? infosOf(statement);
  makers.set(statement, make);
  return make(host);
}
