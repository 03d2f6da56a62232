/**
 * The accelerator: answers what it has seen before, and asks the specification for everything else. It has the same
 * interface and gives the same answers, byte for byte, but for parameters of SQL that do not leave the bridge.
 */
import type { Decoded } from '../codec/envelope.js';
import type { MessageProperties } from '../contracts.js';
import type { OutgoingSpan } from '../encoded-span.js';
import type { Pipeline, SpecPipeline } from '../pipeline.js';
import type { PointEvents, TraceEvent } from '../trace-point.js';
import { MessageReader } from './message-reader.js';
import { TemplateEncoder } from './template-encoder.js';

export function accelerate(spec: SpecPipeline): Pipeline {
  return new FastPipeline(spec);
}

class FastPipeline implements Pipeline {
  private readonly reader: MessageReader;
  private readonly templates: TemplateEncoder;

  constructor(private readonly spec: SpecPipeline) {
    this.reader = new MessageReader(spec.sqlParameters);
    this.templates = new TemplateEncoder(spec);
  }

  decode(body: Buffer, properties: MessageProperties): Decoded {
    const { spec } = this;
    const isPlain = body.length <= spec.maxMessageBytes && properties.headers?.['compression'] === undefined;
    const event = isPlain ? this.reader.read(body) : undefined;
    return event === undefined ? spec.decode(body, properties) : { kind: 'event', event };
  }

  encode(point: PointEvents): OutgoingSpan {
    const { start, stop } = point;
    const span = start && stop && this.templates.encode(start, stop);
    return span ?? this.spec.encode(point);
  }

  encodeRoot(of: TraceEvent, begin: number, end: number): OutgoingSpan {
    return this.spec.encodeRoot(of, begin, end);
  }
}
