/** Traces made up for tests of the page, and the recorded boot of a server. */
import { type Attributes, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { recordedBoot } from '../../../src/cli/demo/recorded-boot.js';
import { ObservedSink, type Sent } from '../../../src/export/observed-sink.js';
import { toHrTime } from '../../../src/mapping/hr-time.js';
import { RecordingReceiver } from '../../../src/recordings/recording.js';
import { watchReceiver } from '../../../src/sidecar/watched-receiver.js';
import { PageFeed } from '../../../src/trace-view/page/feed.js';
import { makeBridge } from '../../support/bridge.js';
import { RememberingLog } from '../../support/receiving.js';
import { PromptSink, TAKEN } from '../../support/spans.js';

/** A moment to count from, microseconds. */
export const BEGIN = 1_795_332_579_000_000;

export interface Sketch {
  readonly trace?: number;
  readonly id: number;
  readonly parent?: number;
  readonly name?: string;
  readonly service?: string;
  /** Milliseconds. */
  readonly at?: number;
  /** Milliseconds. */
  readonly for?: number;
  readonly statement?: string;
  readonly error?: string;
  readonly attributes?: Attributes;
}

export function traceIdOf(trace: number): string {
  return trace.toString(16).padStart(32, '0');
}

export function spanIdOf(id: number): string {
  return id.toString(16).padStart(16, '0');
}

export function baseIdOf(trace: number): string {
  return traceIdOf(trace).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** A span of the first trace that begins at once and takes a millisecond, unless the sketch says something else. */
export function exported(sketch: Sketch): ReadableSpan {
  const { trace = 1, id, parent, name = `span ${id}`, service = 'api', at = 0, for: length = 1 } = sketch;
  const begin = BEGIN + at * 1000;
  const context = (span: number) => ({ traceId: traceIdOf(trace), spanId: spanIdOf(span), traceFlags: 1 });
  return {
    name,
    kind: SpanKind.INTERNAL,
    spanContext: () => context(id),
    ...(parent === undefined ? {} : { parentSpanContext: context(parent) }),
    startTime: toHrTime(begin),
    endTime: toHrTime(begin + length * 1000),
    duration: toHrTime(length * 1000),
    status:
      sketch.error === undefined
        ? { code: SpanStatusCode.UNSET }
        : { code: SpanStatusCode.ERROR, message: sketch.error },
    attributes: {
      'osprofiler.base_id': baseIdOf(trace),
      ...(sketch.statement === undefined
        ? {}
        : { 'db.system.name': 'other_sql', 'db.query.text': sketch.statement }),
      ...(sketch.error === undefined ? {} : { 'error.type': 'NotFound' }),
      ...sketch.attributes,
    },
    events: [],
    links: [],
    ended: true,
    resource: resourceOf(service),
    instrumentationScope: { name: 'test' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function resourceOf(service: string): ReadableSpan['resource'] {
  const resource: ReadableSpan['resource'] = {
    attributes: { 'service.name': service, 'host.name': 'ctl-01' },
    asyncAttributesPending: false,
    merge: () => resource,
    getRawAttributes: () => [],
  };
  return resource;
}

/** A batch that the backend took. */
export function taken(...sketches: readonly Sketch[]): Sent {
  return { spans: sketches.map(exported), outcome: TAKEN, durationMs: 1 };
}

/** What the page knows after the recorded boot has gone through a bridge. */
export async function bootFeed(): Promise<PageFeed> {
  const feed = new PageFeed({ backend: 'nowhere', isLive: false });
  const log = new RememberingLog();
  const receiver = new RecordingReceiver({ files: [recordedBoot()], window: 20_000, log });
  const bridge = makeBridge({
    receivers: [receiver],
    sink: new ObservedSink(new PromptSink(), feed.observe),
    translate: { rootSpan: true },
    log,
  });
  feed.start({ bridge, receivers: [watchReceiver(receiver)] });
  await bridge.run();
  await bridge.finish();
  await bridge.close();
  feed.stop();
  return feed;
}
