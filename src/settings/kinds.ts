/**
 * The kinds of values that settings have. Each reads text (flags and variables) and what YAML makes of a value, and says
 * what would be right.
 */
import { z } from 'zod';
import { HIDDEN } from './redact.js';
import { formatDuration, formatSize, parseDuration, parseSize } from './units.js';

/** What the settings file can hold. */
export type Shown = string | number | boolean | readonly string[] | Readonly<Record<string, string>>;

export interface Kind<T> {
  /** What would be right, to follow "expected": `a duration such as 30s`. */
  readonly expected: string;
  /** An issue of code `custom` carries its own words; for any other, {@link expected} says it better. */
  readonly schema: z.ZodType<T>;
  /** The value in a form that {@link schema} reads back. @default the value itself */
  show?(value: T): Shown;
  /** Present where values are secret or may hold secrets: takes these out of a text, which may be wrong in any way. */
  readonly hide?: (text: string) => string;
  /** What joins the values of a flag that may be repeated; absent: the last one counts. */
  readonly separator?: string;
  /** A flag without a value, with a `--no-` twin. */
  readonly isSwitch?: boolean;
  /** All values there are, of a choice. */
  readonly values?: readonly string[];
  /** Placeholder of the flag's value in help. @default the last word of the flag */
  readonly argument?: string;
}

/** A value as the settings file would have it. */
export function shown<T>(kind: Kind<T>, value: T): Shown {
  return kind.show?.(value) ?? (value as Shown);
}

/** Non-empty text. */
export function text(expected = 'text'): Kind<string> {
  return { expected, schema: z.string().min(1) };
}

export function filePath(expected = 'the path of a file'): Kind<string> {
  return { ...text(expected), argument: '<file>' };
}

/** Text that may be empty and must match. */
export function pattern(expression: RegExp, expected: string): Kind<string> {
  return { expected, schema: z.string().regex(expression) };
}

export function oneOf<const T extends string>(...values: readonly [T, ...T[]]): Kind<T> {
  // In any case, as OpenTelemetry's enumerations are.
  const find = (given: string) => values.find((value) => value === given.toLowerCase());
  return { expected: alternatives(values), schema: read(find), values };
}

function alternatives(values: readonly string[]): string {
  return [values.slice(0, -1).join(', '), values.at(-1)].filter(Boolean).join(' or ');
}

export function onOff(): Kind<boolean> {
  const words = { truthy: ['true', 'yes', 'on', '1'], falsy: ['false', 'no', 'off', '0'] };
  return {
    expected: 'true or false',
    schema: z.union([z.boolean(), z.stringbool(words)]),
    isSwitch: true,
  };
}

/** A whole number. */
export function count(min: number, max: number = Number.MAX_SAFE_INTEGER): Kind<number> {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  return {
    expected: `a whole number ${range}`,
    schema: read((given) => (/^\d{1,15}$/.test(given) ? Number(given) : undefined)).pipe(
      z.int().min(min).max(max),
    ),
    argument: '<count>',
  };
}

/** A number that may have decimals. */
export function decimal(min: number, max: number, expected: string): Kind<number> {
  const digits = /^(\d{1,15}(\.\d{0,15})?|\.\d{1,15})$/;
  return {
    expected,
    schema: read((given) => (digits.test(given) ? Number(given) : undefined)).pipe(
      z.number().min(min).max(max),
    ),
    argument: '<number>',
  };
}

/** A part of a whole. */
export function ratio(): Kind<number> {
  return { ...decimal(0, 1, 'a number from 0 to 1'), argument: '<ratio>' };
}

/** Node's timers run for 2^31 - 1 ms at most, 24.8 days, and fire at once beyond. */
const LONGEST_DURATION = parseDuration('24d')!;

/** @param options.bare a number without a unit is milliseconds, as in OpenTelemetry's variables. */
export function duration(options: { bare?: boolean; min?: number } = {}): Kind<number> {
  const { bare = false, min = 1 } = options;
  const show = (value: number) => (value === 0 ? '0s' : formatDuration(value));
  return {
    expected: `a duration from ${show(min)} to 24d, such as 250ms, 30s, 5m or 1h${bare ? '; a bare number is milliseconds' : ''}`,
    schema: read((given) => parseDuration(given, bare)).pipe(z.number().min(min).max(LONGEST_DURATION)),
    show,
    argument: '<duration>',
  };
}

export function size(min: number, max: number): Kind<number> {
  return {
    expected: `a size from ${formatSize(min)} to ${formatSize(max)}, such as 512k or 64MiB`,
    schema: read(parseSize).pipe(z.number().min(min).max(max)),
    show: formatSize,
    argument: '<size>',
  };
}

/** Several texts: separated by commas in a flag or variable, a list in YAML. May be empty. */
export function list<T extends string = string>(
  expected: string,
  item: z.ZodType<T> = z.string().min(1) as unknown as z.ZodType<T>,
): Kind<readonly T[]> {
  return { expected, schema: split(/,/, z.array(item)), separator: ',', argument: '<names>' };
}

export function filePaths(argument = '<file>'): Kind<readonly string[]> {
  return { ...list('paths, separated by commas'), argument };
}

/** Texts that are never shown. */
export function secrets(expected: string): Kind<readonly string[]> {
  return { ...list(expected), argument: '<keys>', hide: () => HIDDEN };
}

/** A schema that first splits a text at a separator; blank pieces are none. */
export function split<T>(separator: RegExp, items: z.ZodType<T>): z.ZodType<T> {
  return z.preprocess(
    (given) => (typeof given === 'string' ? splitText(given, separator) : given),
    items,
  ) as unknown as z.ZodType<T>;
}

/** The pieces of a text, trimmed, without empty ones. */
export function splitText(input: string, separator: RegExp): string[] {
  const pieces = input.split(separator).map((piece) => piece.trim());
  return pieces.filter((piece) => piece !== '');
}

/** A schema for text, and for what YAML takes for a number. @param parse undefined: the text is wrong */
export function read<T>(parse: (given: string) => T | undefined): z.ZodType<T> {
  return z.union([z.string(), z.number()]).transform((given, context) => {
    const value = parse(String(given).trim());
    // The kind's own words say what would be right; this issue only says that something is wrong.
    if (value === undefined) context.addIssue({ code: 'invalid_type', expected: 'string' });
    return value ?? z.NEVER;
  });
}
