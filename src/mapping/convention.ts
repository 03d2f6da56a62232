/** What a family of trace points is to the mapping. */

import type { PyObject, PyValue } from '../python-json/parse.js';
import type { TraceEvent } from '../trace-point.js';
import type { SpanBuilder } from './span-builder.js';

/** The two halves, at least one there. `main` is the start, or the stop when the start is missing. */
export interface Halves {
  readonly start: TraceEvent | undefined;
  readonly stop: TraceEvent | undefined;
  readonly main: TraceEvent;
}

/** Whether a known field has the shape that the convention reads; if not, it is kept as a leaf like unknown ones. */
export type Reads = (value: PyValue) => boolean;

/** A setting that keeps something of a notification in or leaves it out. */
export type Switch = 'keepsArguments' | 'keepsSqlParameters' | 'keepsResults';

export interface Convention {
  /** The key of `info` that makes a point one of this family. */
  readonly infoKey: string;
  /** The fields below that key which {@link describe} reads, so that the others can be kept as leaves. */
  readonly fields: Readonly<Record<string, Reads>>;
  /**
   * The fields that leave only when a switch is on, whatever point they turn up in: a stop may close the point of
   * another family and bring its own result.
   */
  readonly switches?: Readonly<Record<string, Switch>>;
  /** Fills name, kind, status and attributes. `start` and `stop` are the objects under `infoKey` in either half. */
  describe(builder: SpanBuilder, start: PyObject, stop: PyObject, halves: Halves): void;
}

export const isText: Reads = (value) => typeof value === 'string';
export const isWholeNumber: Reads = (value) => typeof value === 'number' && Number.isSafeInteger(value);
/** Fields that are left out by a switch of their own, whatever they hold. */
export const isAnything: Reads = () => true;

/** The text of a field, `''` when it is absent or no text. */
export function textOf(object: PyObject, key: string): string {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return typeof value === 'string' ? value : '';
}
