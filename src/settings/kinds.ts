/**
 * The kinds of values that settings have. Each reads text (flags and variables) and what YAML makes of a line, says
 * what would be right, and shows a value as the settings file would write it.
 */
import { z } from 'zod';
import { formatDuration, formatSize, parseDuration, parseSize } from './units.js';

/** What the settings file can hold. */
export type Shown = string | number | boolean | readonly string[] | Readonly<Record<string, string>>;

export interface Kind<T> {
  /** What would be right, to follow "expected": `a duration such as 30s`. */
  readonly expected: string;
  /** An issue of code `custom` carries its own words; for any other, {@link expected} says it better. */
  readonly schema: z.ZodType<T>;
  /** The value in a form that {@link schema} reads back. */
  show(value: T): Shown;
  /** Present where values are secret or may hold secrets: how to show them all the same. */
  readonly hiding?: Hiding<T>;
  /** What joins the several occurrences of a repeatable flag into one text; absent: the last one counts. */
  readonly separator?: string;
  /** A flag without a value, with a `--no-` twin. */
  readonly isSwitch?: boolean;
}

export interface Hiding<T> {
  /** A raw text that may be wrong in any way. */
  text(raw: string): string;
  /** A value that was read. */
  value(value: T): Shown;
}

const same = <T extends Shown>(value: T): Shown => value;

/** Non-empty text. */
export function text(expected = 'text'): Kind<string> {
  return { expected, schema: z.string().min(1), show: same };
}

export function filePath(): Kind<string> {
  return text('the path of a file');
}

/** Text that may be empty and must match. */
export function pattern(expression: RegExp, expected: string): Kind<string> {
  return { expected, schema: z.string().regex(expression), show: same };
}

export function oneOf<const T extends string>(...values: readonly [T, ...T[]]): Kind<T> {
  const others = values.slice(0, -1).join(', ');
  const expected = values.length === 1 ? values[0] : `${others} or ${values.at(-1)}`;
  return { expected, schema: z.enum(values), show: same };
}

export function onOff(): Kind<boolean> {
  const words = { truthy: ['true', 'yes', 'on', '1'], falsy: ['false', 'no', 'off', '0'] };
  const schema = z.union([z.boolean(), z.stringbool(words)]);
  return { expected: 'true or false', schema, show: same, isSwitch: true };
}

/** A whole number. */
export function count(min: number, max: number = Number.MAX_SAFE_INTEGER): Kind<number> {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  const digits = z
    .string()
    .regex(/^\s*\d{1,15}\s*$/)
    .transform(Number);
  const schema = z.union([digits, z.number()]).pipe(z.int().min(min).max(max));
  return { expected: `a whole number ${range}`, schema, show: same };
}

/** A number that may have decimals. */
export function decimal(min: number, max: number, expected: string): Kind<number> {
  const digits = z
    .string()
    .regex(/^\s*(\d{1,15}(\.\d{0,15})?|\.\d{1,15})\s*$/)
    .transform(Number);
  return { expected, schema: z.union([digits, z.number()]).pipe(z.number().min(min).max(max)), show: same };
}

/** Node's timers run for 2^31 - 1 ms at most, 24.8 days, and fire at once beyond. */
const LONGEST_DURATION = parseDuration('24d')!;

/** @param options.bare a number without a unit is taken as milliseconds, as OpenTelemetry's variables have it. */
export function duration(options: { bare?: boolean; min?: number } = {}): Kind<number> {
  const { bare = false, min = 1 } = options;
  const read = z
    .union([z.string(), z.number()])
    .transform((input, context) => parseDuration(String(input), bare) ?? refuse(context));
  const least = min === 0 ? '0s' : formatDuration(min);
  return {
    expected: `a duration from ${least} to 24d, such as 250ms, 30s, 5m or 1h${bare ? '; a bare number is milliseconds' : ''}`,
    schema: read.pipe(z.number().min(min).max(LONGEST_DURATION)),
    show: (value) => (value === 0 ? '0s' : formatDuration(value)),
  };
}

export function size(min: number, max: number): Kind<number> {
  const read = z
    .union([z.string(), z.number()])
    .transform((input, context) => parseSize(String(input)) ?? refuse(context));
  return {
    expected: `a size from ${formatSize(min)} to ${formatSize(max)}, such as 512k or 64MiB`,
    schema: read.pipe(z.number().min(min).max(max)),
    show: formatSize,
  };
}

/** Several texts: separated by commas in a flag or variable, a list in YAML. May be empty. */
export function list(
  expected: string,
  item: z.ZodType<string, string> = z.string().min(1),
): Kind<readonly string[]> {
  // A trailing comma, or nothing at all, is no item.
  const split = (input: unknown) => (typeof input === 'string' ? splitText(input, /,/) : input);
  return {
    expected,
    schema: z.preprocess(split, z.array(item)),
    show: same,
    separator: ',',
  };
}

/** The pieces of a text, trimmed, without empty ones. */
export function splitText(input: string, separator: RegExp): string[] {
  const pieces = input.split(separator).map((piece) => piece.trim());
  return pieces.filter((piece) => piece !== '');
}

function refuse(context: z.RefinementCtx): never {
  context.addIssue({ code: 'invalid_type', expected: 'string' });
  return z.NEVER;
}
