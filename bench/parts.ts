/** What each part of the way costs, in nanoseconds of CPU a notification, the garbage it makes included. */

import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { type Decoded, decode } from '../src/codec/envelope.js';
import type { TraceEvent } from '../src/codec/trace-event.js';
import { encodeAsJson } from '../src/export/json-encoding.js';
import { encodeAsProtobuf } from '../src/export/protobuf-encoding.js';
import { maskText } from '../src/mapping/masking/mask.js';
import { SpanMapper } from '../src/mapping/span.js';
import { summarizeSql } from '../src/mapping/sql/summary.js';
import { Pairer, pointId, type TracePoint } from '../src/pairing/pair.js';
import { bodies, COPY_SIZE } from './support/corpus.js';
import { type Scale, show, type Table } from './support/report.js';
import { spreadOf } from './support/statistics.js';

const ROUNDS: Record<Scale, number> = { full: 15, quick: 5, smoke: 1 };
const COPIES = 4;
/** Times in one sample: after a full collection the young generation is small, and only grows as it is used. */
const REPEATS = 6;

interface Task {
  readonly name: string;
  run(): unknown;
}

export function parts(scale: Scale): Table {
  const count = COPIES * COPY_SIZE;
  const tasks = tasksOn(bodies(count));
  const samples = new Map(tasks.map(({ name }) => [name, [] as number[]]));
  // The first rounds only warm the compiler up.
  for (let round = -2; round < ROUNDS[scale]; round++) {
    for (const { name, run } of tasks) {
      globalThis.gc?.();
      const before = process.cpuUsage();
      for (let time = 0; time < REPEATS; time++) run();
      const { user, system } = process.cpuUsage(before);
      if (round >= 0) samples.get(name)!.push(((user + system) * 1_000) / (count * REPEATS));
    }
  }
  const nanos = tasks.map(({ name }) => ({ name, nanos: spreadOf(samples.get(name)!) }));
  return {
    title: 'Parts',
    head: ['part', 'ns a notification', 'of JSON.parse'],
    rows: nanos.map(({ name, nanos: each }) => [
      name,
      show(each),
      (each.median / nanos[0]!.nanos.median).toFixed(2),
    ]),
    data: nanos,
    notes: [
      'CPU of the process, garbage collection included; two notifications make one span. The command makes no SQL ' +
        'parameters that nobody wants, and maps and writes usual spans by what the first of their kind became.',
    ],
  };
}

function tasksOn(all: readonly Buffer[]): Task[] {
  const notifications = all.map((body) => notificationIn(decode(body)));
  const points = pairAll(notifications);
  const mappers = {
    plain: new SpanMapper({ mask: 'off' }),
    masking: new SpanMapper(),
  };
  const spans = points.map((point) => mappers.masking.toSpan(point));
  const lean = (body: Buffer) => decode(body, {}, undefined, { sqlParameters: false });
  const leanPoints = pairAll(all.map((body) => notificationIn(lean(body))));
  const leanSpans = leanPoints.map((point) => mappers.masking.toUnreadSpan(point));
  const texts = textsOf(notifications);
  const statements = [...new Set(texts.filter((text) => /^(?:SELECT|INSERT|UPDATE)/.test(text)))];
  return [
    { name: 'JSON.parse alone', run: () => all.forEach((body) => void JSON.parse(body.toString())) },
    { name: 'decode', run: () => all.forEach((body) => void decode(body)) },
    { name: 'decode, as the command does', run: () => all.forEach((body) => void lean(body)) },
    { name: 'pair', run: () => pairAll(notifications) },
    { name: 'map, masking off', run: () => points.forEach((point) => void mappers.plain.toSpan(point)) },
    { name: 'map', run: () => points.forEach((point) => void mappers.masking.toSpan(point)) },
    {
      name: 'map, as the command does',
      run: () => leanPoints.forEach((point) => void mappers.masking.toUnreadSpan(point)),
    },
    { name: 'mask every text', run: () => texts.forEach((text) => void maskText(text)) },
    { name: 'summary of each statement', run: () => statements.forEach((text) => void summarizeSql(text)) },
    { name: 'encode as JSON', run: () => encode(spans, { serializeRequest: encodeAsJson }) },
    {
      name: 'encode as JSON, as the command does',
      run: () => encode(leanSpans, { serializeRequest: encodeAsJson }),
    },
    { name: 'encode as JSON, the package', run: () => encode(spans, JsonTraceSerializer) },
    {
      name: 'encode as protobuf, as the command does',
      run: () => encode(leanSpans, { serializeRequest: encodeAsProtobuf }),
    },
    { name: 'encode as protobuf, the package', run: () => encode(spans, ProtobufTraceSerializer) },
  ];
}

function notificationIn(decoded: Decoded): TraceEvent {
  if (decoded.kind !== 'event') throw new Error(`a recorded notification is ${decoded.kind}`);
  return decoded.event;
}

function pairAll(notifications: readonly TraceEvent[]): TracePoint<undefined>[] {
  const pairer = new Pairer<undefined>();
  const points: TracePoint<undefined>[] = [];
  for (const notification of notifications) {
    const { complete } = pairer.add(pointId(notification), notification, undefined, 0, 0);
    if (complete !== undefined) points.push(complete);
  }
  return points;
}

function textsOf(notifications: readonly TraceEvent[]): string[] {
  const texts: string[] = [];
  const collect = (value: unknown): void => {
    if (typeof value === 'string') texts.push(value);
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(collect);
  };
  for (const { info } of notifications) collect(info);
  return texts;
}

const BATCH = 512;

function encode(
  spans: readonly ReadableSpan[],
  serializer: { serializeRequest(spans: ReadableSpan[]): Uint8Array | undefined },
): void {
  for (let at = 0; at < spans.length; at += BATCH) serializer.serializeRequest(spans.slice(at, at + BATCH));
}
