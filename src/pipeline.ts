/** What happens between a delivery and a batch, as the documents describe it: nothing is cached, nothing is clever. */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { DEFAULT_MAX_MESSAGE_BYTES, type Decoded, decode } from './codec/envelope.js';
import type { MessageProperties } from './contracts.js';
import type { OutgoingSpan, SpanEncoding } from './encoded-span.js';
import type { MappingOptions } from './mapping/options.js';
import { SpanMapper } from './mapping/span.js';
import type { PointEvents, TraceEvent } from './trace-point.js';

export interface Pipeline<Span = OutgoingSpan> {
  /** Reads one message. Never throws. */
  decode(body: Buffer, properties: MessageProperties): Decoded;
  /** Makes the span of a trace point, in the form that the sink takes. */
  encode(point: PointEvents): Span;
  /** Makes the span that gathers the roots of a trace; see {@link SpanMapper.rootSpan}. */
  encodeRoot(of: TraceEvent, begin: number, end: number): Span;
}

export interface SpecOptions {
  readonly mapping?: Partial<MappingOptions> | undefined;
  /** See {@link decode}. */
  readonly maxMessageBytes?: number | undefined;
  /** How spans are encoded. Absent: they stay as the mapping makes them. */
  readonly encoding?: SpanEncoding | undefined;
}

/** The specification: parse, validate, map, serialize. */
export class SpecPipeline implements Pipeline {
  readonly maxMessageBytes: number;
  /** Parameters of SQL leave the bridge. */
  readonly sqlParameters: boolean;
  private readonly mapper: SpanMapper;
  private readonly encoding: SpanEncoding | undefined;

  constructor({ mapping = {}, maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES, encoding }: SpecOptions = {}) {
    this.maxMessageBytes = maxMessageBytes;
    this.sqlParameters = mapping.sqlParameters ?? false;
    this.mapper = new SpanMapper(mapping);
    this.encoding = encoding;
  }

  decode(body: Buffer, properties: MessageProperties): Decoded {
    return decode(body, properties, this.maxMessageBytes);
  }

  encode(point: PointEvents): OutgoingSpan {
    return this.finish(this.mapper.toSpan(point));
  }

  encodeRoot(of: TraceEvent, begin: number, end: number): OutgoingSpan {
    return this.finish(this.mapper.rootSpan(of, begin, end));
  }

  private finish(span: ReadableSpan): OutgoingSpan {
    return this.encoding === undefined ? span : this.encoding.encode(span);
  }
}
