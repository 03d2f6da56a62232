/** Which family a trace point belongs to: by what its `info` holds, never by its name. */
import { isDeepStrictEqual } from 'node:util';
import { isObject, own, type PyObject, type PyValue } from '../python-json/parse.js';
import type { TraceEvent } from '../trace-point.js';
import type { Convention, Halves } from './convention.js';
import { db } from './db.js';
import { hasRaised } from './error.js';
import { flatten } from './flatten.js';
import { functionCall } from './function.js';
import { httpClient, httpServer } from './http.js';
import type { SpanBuilder } from './span-builder.js';

const FAMILIES: readonly Convention[] = [httpServer, httpClient, db, functionCall];
const NO_FIELDS: PyObject = {};

/** The name of a point's family, for filters and counters. */
export type Family = 'http-server' | 'http-client' | 'db' | 'function' | 'other';

/** The family that a half alone shows; a stop seldom shows any. */
export function familyOf(half: TraceEvent): Family {
  return nameOf(conventionOf(half));
}

/** Fills the builder by the family's convention; what the convention does not read is kept as leaves. */
export function describePoint(builder: SpanBuilder, halves: Halves): void {
  // The start decides: a stop may come from an enclosing point of another family.
  const convention = conventionOf(halves.start) ?? conventionOf(halves.stop);
  if (convention === undefined) {
    builder.name = builder.redact.text(halves.main.name);
  } else {
    const start = objectAt(halves.start, convention.infoKey) ?? NO_FIELDS;
    const stop = objectAt(halves.stop, convention.infoKey) ?? NO_FIELDS;
    convention.describe(builder, start, stop, halves);
  }
  putRest(builder, halves, convention);
}

function conventionOf(half: TraceEvent | undefined): Convention | undefined {
  return FAMILIES.find(({ infoKey }) => objectAt(half, infoKey) !== undefined);
}

function nameOf(convention: Convention | undefined): Family {
  if (convention === httpServer) return 'http-server';
  if (convention === httpClient) return 'http-client';
  if (convention === db) return 'db';
  return convention === functionCall ? 'function' : 'other';
}

function objectAt(half: TraceEvent | undefined, infoKey: string): PyObject | undefined {
  const value = half === undefined ? undefined : own(half.info, infoKey);
  return isObject(value) ? value : undefined;
}

/** What nobody has read: below `osprofiler.info`, and what the stop says otherwise than the start below its own. */
function putRest(
  builder: SpanBuilder,
  { start, stop, main }: Halves,
  convention: Convention | undefined,
): void {
  for (const [key, value] of Object.entries(main.info)) {
    if (main === stop && isReadFromStop(key, main)) continue;
    if (key === 'host' && value === main.host) continue;
    putUnread(builder, `osprofiler.info.${key}`, key, value, convention);
  }
  if (start === undefined || stop === undefined) return;
  for (const [key, value] of Object.entries(stop.info)) {
    if (isReadFromStop(key, stop) || (key === 'host' && value === main.host)) continue;
    const isSaidTwice = Object.hasOwn(start.info, key) && key !== convention?.infoKey;
    if (isSaidTwice && isSame(start.info[key] as PyValue, value)) continue;
    const prefix = isSaidTwice ? 'osprofiler.stop.info' : 'osprofiler.info';
    putUnread(builder, `${prefix}.${key}`, key, value, convention);
  }
}

/** describeError() reads these two, and an empty `etype` is osprofiler's way to say that nothing went wrong. */
function isReadFromStop(key: string, stop: TraceEvent): boolean {
  if (key === 'etype') return true;
  if (key !== 'message') return false;
  return hasRaised(stop) || stop.info['message'] === null;
}

function putUnread(
  builder: SpanBuilder,
  path: string,
  key: string,
  value: PyValue,
  convention: Convention | undefined,
): void {
  const family = FAMILIES.find(({ infoKey }) => infoKey === key);
  if (family === undefined || !isObject(value)) {
    flatten(builder, path, key, value);
    return;
  }
  for (const [field, inner] of Object.entries(value)) {
    if (family === convention && ownOf(family.fields, field)?.(inner)) continue;
    const needed = ownOf(family.switches ?? {}, field);
    if (needed === undefined || builder.redact[needed]) flatten(builder, `${path}.${field}`, field, inner);
  }
}

function ownOf<Value>(record: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function isSame(one: PyValue, other: PyValue): boolean {
  return Object.is(one, other) || (typeof one === 'object' && isDeepStrictEqual(one, other));
}
