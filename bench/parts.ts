/** What each part of the way costs, in nanoseconds of CPU a notification, the garbage it makes included. */

import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { type Decoded, decode } from '../src/codec/envelope.js';
import type { EncodedSpan, SpanEncoding } from '../src/encoded-span.js';
import { JSON_ENCODING } from '../src/export/json-encoding.js';
import { PROTOBUF_ENCODING } from '../src/export/protobuf-encoding.js';
import { accelerate } from '../src/fast/accelerate.js';
import { maskText } from '../src/mapping/masking/mask.js';
import { SpanMapper } from '../src/mapping/span.js';
import { summarizeSql } from '../src/mapping/sql/summary.js';
import { Pairer } from '../src/pairing/pair.js';
import { type Pipeline, SpecPipeline } from '../src/pipeline.js';
import { pointId, type TraceEvent, type TracePoint } from '../src/trace-point.js';
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
      'CPU of the process, garbage collection included; two notifications make one span. Accelerated is what the ' +
        'command does.',
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
  const json = accelerate(new SpecPipeline({ encoding: JSON_ENCODING }));
  const protobuf = accelerate(new SpecPipeline({ encoding: PROTOBUF_ENCODING }));
  const fastPoints = pairAll(all.map((body) => notificationIn(json.decode(body, {}))));
  const texts = textsOf(notifications);
  const statements = [...new Set(texts.filter((text) => /^(?:SELECT|INSERT|UPDATE)/.test(text)))];
  return [
    { name: 'JSON.parse alone', run: () => all.forEach((body) => void JSON.parse(body.toString())) },
    { name: 'decode', run: () => all.forEach((body) => void decode(body)) },
    { name: 'decode, accelerated', run: () => all.forEach((body) => void json.decode(body, {})) },
    { name: 'pair', run: () => pairAll(notifications) },
    { name: 'map, masking off', run: () => points.forEach((point) => void mappers.plain.toSpan(point)) },
    { name: 'map', run: () => points.forEach((point) => void mappers.masking.toSpan(point)) },
    { name: 'mask every text', run: () => texts.forEach((text) => void maskText(text)) },
    { name: 'summary of each statement', run: () => statements.forEach((text) => void summarizeSql(text)) },
    { name: 'encode as JSON, the package', run: () => serialize(spans, JsonTraceSerializer) },
    {
      name: 'map and encode as JSON, accelerated',
      run: () => encode(fastPoints, json, JSON_ENCODING),
    },
    { name: 'encode as protobuf, the package', run: () => serialize(spans, ProtobufTraceSerializer) },
    {
      name: 'map and encode as protobuf, accelerated',
      run: () => encode(fastPoints, protobuf, PROTOBUF_ENCODING),
    },
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

function serialize(
  spans: readonly ReadableSpan[],
  serializer: { serializeRequest(spans: ReadableSpan[]): Uint8Array | undefined },
): void {
  for (let at = 0; at < spans.length; at += BATCH) serializer.serializeRequest(spans.slice(at, at + BATCH));
}

function encode(
  points: readonly TracePoint<undefined>[],
  pipeline: Pick<Pipeline, 'encode'>,
  encoding: SpanEncoding,
): void {
  for (let at = 0; at < points.length; at += BATCH) {
    const batch = points.slice(at, at + BATCH);
    encoding.join(batch.map((point) => pipeline.encode(point) as EncodedSpan));
  }
}
