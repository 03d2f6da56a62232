/** A span in the making: attributes within their limits, text well formed. Conventions fill it, span.ts seals it. */
import { type Attributes, type HrTime, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { PyValue } from '../python-json/parse.js';
import type { Redactor } from './masking/mask.js';
import type { MappingOptions } from './options.js';

/** What an attribute's value is made from; everything else becomes text first. */
export type Scalar = string | number | boolean;

/** Keys are made of a message's keys too, one within the other: without a bound they outgrow the message many times. */
const MAX_KEY_LENGTH = 1024;

export interface SpanEvent {
  readonly name: string;
  readonly time: HrTime;
  readonly attributes: Attributes;
  readonly droppedAttributesCount: number;
}

const NO_EVENTS: readonly never[] = Object.freeze([]);

export class SpanBuilder {
  name = '';
  kind: SpanKind = SpanKind.INTERNAL;
  statusCode: SpanStatusCode = SpanStatusCode.UNSET;
  statusMessage: string | undefined;
  readonly attributes: Attributes;
  droppedAttributes = 0;
  private count: number;
  private noted: SpanEvent[] | undefined;

  /** @param attributes what it begins with: within all limits. */
  constructor(
    readonly options: MappingOptions,
    readonly redact: Redactor,
    attributes: Attributes = {},
  ) {
    this.attributes = attributes;
    this.count = Object.keys(attributes).length;
  }

  /** Few spans have any: the others share one list. */
  get events(): readonly SpanEvent[] {
    return this.noted ?? NO_EVENTS;
  }

  addEvent(event: SpanEvent): void {
    this.noted ??= [];
    this.noted.push(event);
  }

  /** Sets an attribute, text cut at the limit. Past the count limit, or with too long a key, it is dropped and counted. */
  put(name: string, value: Scalar): void {
    if (name.length > MAX_KEY_LENGTH) {
      this.droppedAttributes++;
      return;
    }
    const key = name.toWellFormed();
    if (this.attributes[key] === undefined) {
      if (this.count >= this.options.attributeCountLimit) {
        this.droppedAttributes++;
        return;
      }
      this.count++;
    }
    const scalar = typeof value === 'string' ? value : numberOrText(value);
    this.attributes[key] = typeof scalar === 'string' ? this.text(scalar) : scalar;
  }

  /** Text that is fit to leave: valid UTF-16, cut at the limit and never inside a surrogate pair. */
  text(text: string): string {
    const limit = this.options.attributeValueLengthLimit;
    return (text.length > limit ? cut(text, limit) : text).toWellFormed();
  }
}

function cut(text: string, limit: number): string {
  const last = text.charCodeAt(limit - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, splitsPair ? limit - 1 : limit);
}

/** OTLP's JSON has no NaN, and its integers have 64 bits: what does not fit leaves as text. */
function numberOrText(value: number | boolean): Scalar {
  if (typeof value === 'boolean') return value;
  if (!Number.isFinite(value)) return String(value);
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? String(value) : value;
}

/** A leaf of `info` as an attribute's value; Python's None is written as JSON writes it. */
export function scalarOf(value: Exclude<PyValue, object> | null): Scalar {
  if (value === null) return 'null';
  return typeof value === 'bigint' ? value.toString() : value;
}
