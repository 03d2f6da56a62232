/** Spans are serialized one by one: each is taken out of a request of its own, and joined with others later. */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import {
  type EncodedResource,
  EncodedSpan,
  endMicrosOf,
  type RequestFrame,
  SpanArena,
} from '../encoded-span.js';

type Resource = ReadableSpan['resource'];

/** Where the one span of a request stands, and what stands round it. */
export interface SpanInRequest extends RequestFrame {
  readonly begin: number;
  readonly end: number;
}

export class SingleSpans {
  readonly #resources = new WeakMap<Resource, EncodedResource>();
  readonly #arena = new SpanArena();

  /** @param find reads a request with one span. */
  constructor(
    private readonly serialize: (spans: ReadableSpan[]) => Uint8Array | undefined,
    private readonly find: (request: Buffer, span: ReadableSpan) => SpanInRequest,
  ) {}

  encode(span: ReadableSpan): EncodedSpan {
    const written = this.serialize([span]);
    if (written === undefined) throw new TypeError('the serializer wrote nothing');
    const request = Buffer.from(written.buffer, written.byteOffset, written.length);
    const found = this.find(request, span);
    const begin = this.#arena.reserve(found.end - found.begin);
    const { bytes } = this.#arena;
    const end = begin + request.copy(bytes, begin, found.begin, found.end);
    const resource = this.#resourceOf(span.resource, found);
    return new EncodedSpan(resource, span.spanContext().traceId, endMicrosOf(span), bytes, begin, end);
  }

  #resourceOf(key: Resource, found: SpanInRequest): EncodedResource {
    const known = this.#resources.get(key);
    if (known !== undefined) return known;
    // Copies: the request itself need not stay in memory.
    const frame = {
      resourceHead: Uint8Array.from(found.resourceHead),
      scopeHead: Uint8Array.from(found.scopeHead),
      scopeTail: Uint8Array.from(found.scopeTail),
      resourceTail: Uint8Array.from(found.resourceTail),
    };
    const made = { attributes: key.attributes, frame };
    this.#resources.set(key, made);
    return made;
  }
}
