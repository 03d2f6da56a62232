/**
 * What the bridge sends for a recording, as a backend of our own sees it: the measure for what real backends kept. A
 * span depends on its notifications and the settings alone, so that what one replay sends, every other sends too.
 */
import assert from 'node:assert/strict';
import { runProgram } from '../../end-to-end/program.js';
import { OtlpReceiver } from '../../support/otlp-receiver.js';
import {
  attribute,
  canonical,
  ERROR,
  type KeptSpan,
  type OtlpTraces,
  serviceOf,
  spansOf,
} from './otlp-json.js';

export interface Sent {
  readonly spans: readonly KeptSpan[];
  /** {@link canonical} */
  readonly byId: ReturnType<typeof canonical>;
  /** The one trace of the recording. */
  readonly traceId: string;
  readonly baseId: string;
  readonly services: readonly string[];
  /** By service: the names of its spans, each once. */
  readonly operations: ReadonlyMap<string, readonly string[]>;
  /** Ids of the spans with status ERROR, sorted. */
  readonly errors: readonly string[];
  /** `parent service → child service`, of different services, each once, sorted. */
  readonly calls: readonly string[];
}

/** @param file a recording of one trace. */
export async function sentFor(file: string, ...args: readonly string[]): Promise<Sent> {
  return describe(await spansFor([file], args));
}

/** What is sent for recordings of whatever is in them. */
export async function spansFor(files: readonly string[], args: readonly string[] = []): Promise<KeptSpan[]> {
  const receiver = await OtlpReceiver.start();
  try {
    const { status, stderr } = await runProgram(['replay', '--endpoint', receiver.url, ...args, ...files]);
    assert.equal(status, 0, stderr);
    return spansOf(receiver.requests.map(({ body }) => JSON.parse(body.toString('utf8')) as OtlpTraces));
  } finally {
    await receiver.stop();
  }
}

function describe(spans: readonly KeptSpan[]): Sent {
  const traceIds = unique(spans.map(({ span }) => span.traceId));
  assert.equal(traceIds.length, 1, 'one trace in a recording');
  const services = unique(spans.map(serviceOf));
  return {
    spans,
    byId: canonical(spans),
    traceId: traceIds[0]!,
    baseId: attribute(spans[0]!, 'osprofiler.base_id')!,
    services,
    operations: new Map(services.map((service) => [service, operationsOf(spans, service)])),
    errors: spans
      .filter(({ span }) => span.status?.code === ERROR)
      .map(({ span }) => span.spanId)
      .sort(),
    calls: callsIn(spans),
  };
}

function operationsOf(spans: readonly KeptSpan[], service: string): string[] {
  return unique(spans.filter((kept) => serviceOf(kept) === service).map(({ span }) => span.name));
}

function callsIn(spans: readonly KeptSpan[]): string[] {
  const byId = new Map(spans.map((kept) => [kept.span.spanId, kept]));
  return unique(
    spans.flatMap((child) => {
      const parent = byId.get(child.span.parentSpanId ?? '');
      if (parent === undefined || serviceOf(parent) === serviceOf(child)) return [];
      return [`${serviceOf(parent)} → ${serviceOf(child)}`];
    }),
  );
}

export function unique(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
