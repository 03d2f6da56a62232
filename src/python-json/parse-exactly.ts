/**
 * The exact parser behind {@link parsePythonJson}, for the texts that `JSON.parse` refuses or rounds. One pass,
 * bounded depth, strict wherever Python is strict.
 */
import { type PyObject, type PyValue, setOwn } from './value.js';

export type ParsedJson =
  | { readonly ok: true; readonly value: PyValue }
  | { readonly ok: false; readonly reason: 'not-json' | 'too-deep'; readonly detail: string };

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
/** A run of plain characters, then an escape or the closing quote. Control characters end it, as in Python. */
const STRING_RUN = /[^"\\\u0000-\u001f]*/y;
const WHITESPACE = /[ \t\n\r]*/y;
const ESCAPES: Record<string, string> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
const CONSTANTS: readonly (readonly [string, PyValue])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
];

class Refusal extends Error {
  constructor(
    readonly reason: 'not-json' | 'too-deep',
    detail: string,
  ) {
    super(detail);
  }
}

/** @param maxDepth levels of lists and objects that are read before the text is refused as `too-deep`. */
export function parseExactly(text: string, maxDepth: number): ParsedJson {
  try {
    return { ok: true, value: new SlowParser(text, maxDepth).whole() };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, reason: error.reason, detail: error.message };
    throw error;
  }
}

class SlowParser {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly maxDepth: number,
  ) {}

  whole(): PyValue {
    const value = this.value(this.maxDepth);
    this.skipSpace();
    if (this.at < this.text.length) throw this.unexpected();
    return value;
  }

  private value(depth: number): PyValue {
    this.skipSpace();
    const char = this.text[this.at];
    if (char === '"') return this.string();
    if (char === '{' || char === '[') {
      if (depth === 0) throw new Refusal('too-deep', `nested deeper than ${this.maxDepth}`);
      return char === '{' ? this.object(depth - 1) : this.list(depth - 1);
    }
    for (const [word, constant] of CONSTANTS) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return constant;
      }
    }
    return this.number();
  }

  private object(depth: number): PyObject {
    const object: PyObject = {};
    this.at++;
    if (this.takes('}')) return object;
    do {
      this.skipSpace();
      if (this.text[this.at] !== '"') throw this.unexpected();
      const key = this.string();
      if (!this.takes(':')) throw this.unexpected();
      setOwn(object, key, this.value(depth));
    } while (this.takes(','));
    if (!this.takes('}')) throw this.unexpected();
    return object;
  }

  private list(depth: number): PyValue[] {
    const list: PyValue[] = [];
    this.at++;
    if (this.takes(']')) return list;
    do list.push(this.value(depth));
    while (this.takes(','));
    if (!this.takes(']')) throw this.unexpected();
    return list;
  }

  private string(): string {
    this.at++;
    let out = '';
    for (;;) {
      out += this.match(STRING_RUN);
      const char = this.text[this.at];
      if (char === '"') {
        this.at++;
        return out;
      }
      if (char !== '\\') throw this.unexpected();
      out += this.escape();
    }
  }

  private escape(): string {
    const char = this.text[this.at + 1] ?? '';
    if (char === 'u') {
      const hex = this.text.slice(this.at + 2, this.at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw this.unexpected();
      this.at += 6;
      return String.fromCharCode(Number.parseInt(hex, 16));
    }
    const plain = Object.hasOwn(ESCAPES, char) ? ESCAPES[char] : undefined;
    if (plain === undefined) throw this.unexpected();
    this.at += 2;
    return plain;
  }

  private number(): number | bigint {
    NUMBER.lastIndex = this.at;
    const match = NUMBER.exec(this.text);
    if (match === null) throw this.unexpected();
    this.at = NUMBER.lastIndex;
    const isInteger = match[1] === undefined && match[2] === undefined;
    const value = Number(match[0]);
    return isInteger && !Number.isSafeInteger(value) ? this.bigInteger(match[0]) : value;
  }

  /** BigInt() takes quadratic time; Python ≥ 3.11 too refuses integers of more than 4,300 digits. */
  private bigInteger(digits: string): bigint {
    if (digits.length - (digits.startsWith('-') ? 1 : 0) > 4300)
      throw new Refusal('not-json', 'an integer of more than 4300 digits');
    return BigInt(digits);
  }

  private takes(char: string): boolean {
    this.skipSpace();
    if (this.text[this.at] !== char) return false;
    this.at++;
    return true;
  }

  private skipSpace(): void {
    this.match(WHITESPACE);
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? '';
    this.at += found.length;
    return found;
  }

  private unexpected(): Refusal {
    const what =
      this.at < this.text.length ? `unexpected ${JSON.stringify(this.text[this.at])}` : 'unexpected end';
    return new Refusal('not-json', `${what} at character ${this.at}`);
  }
}
