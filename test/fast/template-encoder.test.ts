/** Whatever the mapping makes of a point: it comes out right, or points of that key are left to the specification. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Attributes } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { EncodedSpan } from '../../src/encoded-span.js';
import { JSON_ENCODING } from '../../src/export/json-encoding.js';
import { PROTOBUF_ENCODING } from '../../src/export/protobuf-encoding.js';
import { TemplateEncoder } from '../../src/fast/template-encoder.js';
import { toHrTime } from '../../src/mapping/hr-time.js';
import type { PointEvents, TraceEvent } from '../../src/trace-point.js';
import { digitsOf, lowDigitsOf } from '../../src/uuid.js';
import { MOMENT } from '../support/notifications.js';
import { span as plainSpan } from '../support/spans.js';

type Point = PointEvents & { readonly start: TraceEvent; readonly stop: TraceEvent };

const HOSTS = ['ctl-01', 'compute-7', ''];
const ids = (index: number) => ({
  baseId: `c0ffee00-dead-4bee-8f00-${String(index % 7).padStart(12, '0')}`,
  traceId: `${String(index).padStart(8, '0')}-5e1f-4cde-9aaa-0123456789ab`,
  parentId: `${String(index % 5).padStart(8, '0')}-beef-4cde-9bbb-0123456789ab`,
});

/** Points of three hosts, as the message reader gives their events: one key for each host and phase. */
const points: readonly Point[] = Array.from({ length: 60 }, (_none, index) => {
  const host = index % HOSTS.length;
  const said = { name: 'db', project: 'nova', service: 'api', host: HOSTS[host]!, ...ids(index) };
  const db = { statement: 'SELECT 1' };
  const timestamp = MOMENT + index;
  return {
    start: { ...said, phase: 'start', timestamp, info: { db, host: said.host }, templateKey: host },
    stop: {
      ...{ ...said, phase: 'stop', info: { host: said.host }, templateKey: 10 + host },
      timestamp: timestamp + 3 ** (index % 20),
    },
  };
});

const plain = plainSpan();

/** A span with ids and times in several forms, and no rule of the mapping. */
function spanOf({ start, stop }: Point, attributes: Attributes): ReadableSpan {
  const [baseId, traceId, parentId] = [start.baseId, start.traceId, start.parentId].map(String) as [
    string,
    string,
    string,
  ];
  const context = (id: string) => ({ traceId: digitsOf(baseId), spanId: lowDigitsOf(id), traceFlags: 1 });
  return {
    ...plain,
    spanContext: () => context(traceId),
    parentSpanContext: context(parentId),
    startTime: toHrTime(start.timestamp),
    endTime: toHrTime(stop.timestamp),
    attributes: { base: baseId, own: traceId, parent: parentId, ...attributes },
  };
}

/** How many of all points are encoded by a template, with attributes that somebody adds to the mapping. */
function templated(add: (point: Point) => Attributes): number {
  let count = 0;
  for (const encoding of [JSON_ENCODING, PROTOBUF_ENCODING]) {
    const encode = (point: PointEvents): EncodedSpan =>
      encoding.encode(spanOf(point as Point, add(point as Point)));
    const templates = new TemplateEncoder({ encode });
    for (const point of points) {
      const span = templates.encode(point.start, point.stop);
      if (span === undefined) continue;
      count++;
      assert.equal(textOf(span), textOf(encode(point)));
    }
  }
  return count / 2;
}

function textOf({ bytes, begin, end }: EncodedSpan): string {
  return bytes.toString('latin1', begin, end);
}

/** All but the first of each host, which may have been the last of its kind. */
const ALL = points.length - HOSTS.length;

describe('templates', () => {
  it('are made where nothing but ids and times differs', () => {
    assert.equal(
      templated(() => ({})),
      ALL,
    );
  });

  it('are made for attributes from the host, each host its own', () => {
    assert.equal(
      templated(({ start }) => ({ 'x.host': start.host, 'x.isCompute': start.host.startsWith('compute') })),
      ALL,
    );
  });

  it('are made for attributes that are an id as it is', () => {
    assert.equal(
      templated(({ start }) => ({ 'x.id': start.parentId as string })),
      ALL,
    );
  });

  it('are not made for attributes from the duration', () => {
    assert.equal(
      templated(({ start, stop }) => ({ 'x.us': stop.timestamp - start.timestamp })),
      0,
    );
  });

  it('are not made for attributes that say whether a duration is neither short nor long', () => {
    const isBetween = (micros: number) => micros > 100_000 && micros < 3_600_000_000;
    assert.equal(
      templated(({ start, stop }) => ({ 'x.between': isBetween(stop.timestamp - start.timestamp) })),
      0,
    );
  });

  it('are not made for attributes that say whether a duration is long', () => {
    for (const limit of [10, 1_000, 1e6, 3_600e6])
      assert.equal(
        templated(({ start, stop }) => ({ 'x.slow': stop.timestamp - start.timestamp > limit })),
        0,
      );
  });

  it('are not made for attributes from a part of an id or of a time', () => {
    assert.equal(
      templated(({ start }) => ({ 'x.low': String(start.traceId).slice(-3) })),
      0,
    );
    assert.equal(
      templated(({ start }) => ({ 'x.version': String(start.baseId)[14]! })),
      0,
    );
    assert.equal(
      templated(({ start }) => ({ 'x.second': Math.floor(start.timestamp / 1e6) })),
      0,
    );
  });

  it('are not made where the mapping fails on other ids than those of a point', () => {
    const known = new Set(points.map(({ start }) => start.traceId));
    const failing = ({ start }: Point) => {
      if (!known.has(start.traceId)) throw new Error('not one of these points');
      return {};
    };
    assert.equal(templated(failing), 0);
  });
});
