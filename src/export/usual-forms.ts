/**
 * How usual spans look as they are sent. Those of one pattern have the same bytes but for their ids and times, which are
 * all of one length and in the same places: the first is written as any other, and the others are copies of it with
 * their own put in. Of a span of SQL that is a tenth of the work.
 */
import type { SpanPattern, UsualSpan } from '../span/usual-span.js';

/** A span as it is written, and where in it what differs from span to span stands. */
export interface Form {
  readonly bytes: Buffer;
  /** Whose trace is in the bytes: that of the last span written, since those of one trace come together. */
  lastBaseId: string;
  readonly traceId: number;
  readonly spanId: number;
  /** -1 in spans without one. */
  readonly parentSpanId: number;
  readonly startTime: number;
  readonly endTime: number;
  /** These three as UUIDs, in the attributes. */
  readonly baseId: number;
  readonly pointId: number;
  readonly parentId: number;
}

/** Of a pattern: for spans with a parent and without. */
interface Kinds {
  child: Form | undefined;
  root: Form | undefined;
}

/** Bytes of all forms; when there are more they are all forgotten, so that hostile variety costs time, not memory. */
const MAX_BYTES = 4_000_000;

export class UsualForms {
  #kinds = new WeakMap<SpanPattern, Kinds>();
  #bytes = 0;

  /** @param make the form of the first of its kind. */
  constructor(private readonly make: (span: UsualSpan) => Form) {}

  /** The form of a span. Throws what making it throws. */
  of(span: UsualSpan): Form {
    let known = this.#kinds.get(span.pattern);
    if (known === undefined) {
      known = { child: undefined, root: undefined };
      this.#kinds.set(span.pattern, known);
    }
    if (span.identity.isRoot) {
      known.root ??= this.#made(span);
      return known.root;
    }
    known.child ??= this.#made(span);
    return known.child;
  }

  #made(span: UsualSpan): Form {
    const form = this.make(span);
    const { length } = form.bytes;
    if (this.#bytes + length > MAX_BYTES) {
      this.#kinds = new WeakMap();
      this.#bytes = 0;
    }
    this.#bytes += length;
    return form;
  }
}
