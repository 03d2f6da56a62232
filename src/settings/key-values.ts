/** `name=value,name=value` with percent-encoding: the form of OTEL_RESOURCE_ATTRIBUTES and OTEL_EXPORTER_OTLP_HEADERS. */
import { z } from 'zod';
import type { Kind } from './kinds.js';
import { HIDDEN } from './redact.js';

type KeyValues = Readonly<Record<string, string>>;

/** A name that HTTP (RFC 9110, token) and gRPC both take as a header's. */
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
/** Visible ASCII and blanks; anything else could split the request. */
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;

const FORM = 'name=value pairs separated by commas, other characters percent-encoded (a comma is %2C)';

/** Attributes; a map in YAML. */
export function attributes(): Kind<KeyValues> {
  return { expected: FORM, schema: keyValues(() => undefined), separator: ',', argument: '<pairs>' };
}

/** Headers of requests; a map in YAML. Values are never shown. */
export function headers(): Kind<KeyValues> {
  const schema = keyValues((name, value) => {
    if (!HEADER_NAME.test(name)) return `expected ${FORM}; one of the names is not a header name`;
    return HEADER_VALUE.test(value)
      ? undefined
      : `the value of ${name} has characters that are not allowed in a header`;
  });
  return { expected: FORM, schema, separator: ',', argument: '<pairs>', hide: () => HIDDEN };
}

type Check = (name: string, value: string) => string | undefined;

function keyValues(check: Check): z.ZodType<KeyValues> {
  return z.unknown().transform((input, context) => {
    const refuse = (message: string, path: string[] = []) =>
      context.addIssue({ code: 'custom', message, path });
    const pairs = typeof input === 'string' ? readPairs(input) : entriesOf(input);
    if (pairs === undefined) refuse(`expected ${FORM}`);
    for (const [name, value] of pairs ?? []) {
      const message = typeof value === 'string' ? check(name, value) : 'expected text; put it in quotes';
      if (message !== undefined) refuse(message, [name]);
    }
    // Made from entries, since a name may be __proto__. After an issue zod ignores the value.
    return Object.fromEntries((pairs ?? []) as [string, string][]);
  });
}

function entriesOf(input: unknown): [string, unknown][] | undefined {
  const isMap = typeof input === 'object' && input !== null && !Array.isArray(input);
  return isMap ? Object.entries(input) : undefined;
}

function readPairs(input: string): [string, string][] | undefined {
  const pieces = input.split(',').filter((piece) => piece.trim() !== '');
  const pairs = pieces.map(readPair);
  return pairs.every((pair) => pair !== undefined) ? pairs : undefined;
}

function readPair(piece: string): [string, string] | undefined {
  const equals = piece.indexOf('=');
  const name = decode(piece.slice(0, Math.max(equals, 0)).trim());
  const value = decode(piece.slice(equals + 1).trim());
  return name === undefined || name === '' || value === undefined ? undefined : [name, value];
}

function decode(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}
