/**
 * Attributes → OTLP/JSON. Most of what a span says has been said before: which service, which statement, which method.
 * Attributes that come over and over are written once and kept, and so are whole runs of them, one after the other:
 * nearly all of a span of SQL is one such text, where a string of forty parts had to be put together before.
 */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';

type Attributes = ReadableSpan['attributes'];

/** Something that is left to the exporter package. */
export class Unusual extends Error {}

/** Keys that have few values, which come over and over. */
const REPEATED = new Set([
  ...['db.query.text', 'db.query.summary', 'db.system.name', 'code.function.name', 'rpc.method'],
  ...['rpc.system.name', 'http.request.method', 'url.scheme', 'osprofiler.name', 'osprofiler.project'],
  ...['osprofiler.service', 'service.name', 'service.namespace', 'host.name'],
]);
/** Characters of everything that is kept. */
const MAX_CHARACTERS = 4_000_000;
const LONGEST_VALUE = 8_192;
const MAX_KEYS = 1_000;

/** Writes JSON, and notes whether it is ASCII: nearly all is, and that is twice as quick to turn into bytes. */
export class JsonWriter {
  /** Whether all that was written since it was last set is ASCII. */
  isAscii = true;

  /** A text as JSON has it. */
  quoted(text: string): string {
    if (PLAIN.test(text)) return `"${text}"`;
    const written = JSON.stringify(text);
    if (!ASCII.test(written)) this.isAscii = false;
    return written;
  }

  /** A text of which few kinds come over and over: each is written once. */
  repeated(text: string): string {
    return this.kept(texts.get(text) ?? this.remember(text));
  }

  /** Attributes as the members of a JSON list. @throws Unusual */
  attributes(attributes: Attributes): string {
    let out = '';
    let run = Run.none;
    // Plain objects, as the mapping makes them: to list their keys first costs a list for each.
    for (const key in attributes) {
      const value = attributes[key];
      if (typeof value === 'string' && REPEATED.has(key) && value.length <= LONGEST_VALUE) {
        run = run.next(key, value);
        continue;
      }
      if (run !== Run.none) out = this.behind(out, run);
      run = Run.none;
      out += out === '' ? this.attribute(key, value) : `,${this.attribute(key, value)}`;
    }
    return run === Run.none ? out : this.behind(out, run);
  }

  attribute(key: string, value: Attributes[string]): string {
    const begin = this.kept(beginningOf(key));
    if (typeof value === 'string') return `${begin}"stringValue":${this.quoted(value)}}}`;
    if (typeof value === 'number')
      return `${begin}"${Number.isInteger(value) ? 'intValue' : 'doubleValue'}":${JSON.stringify(value)}}}`;
    if (typeof value === 'boolean') return `${begin}"boolValue":${value}}}`;
    throw new Unusual();
  }

  private behind(out: string, run: Run): string {
    const text = this.kept(run);
    return out === '' ? text.slice(1) : out + text;
  }

  private kept({ text, isAscii }: Kept): string {
    if (!isAscii) this.isAscii = false;
    return text;
  }

  private remember(text: string): Kept {
    const known = kept(this.quoted(text));
    if (text.length > LONGEST_VALUE) return known;
    keep(text.length + known.text.length);
    texts.set(text, known);
    return known;
  }
}

/** What is written once and used over and over. */
interface Kept {
  /** In one piece, and holding nothing else in memory: what is put together stays in parts until somebody reads it. */
  readonly text: string;
  readonly isAscii: boolean;
}

function kept(written: string): Kept {
  const bytes = Buffer.from(written);
  return { text: bytes.toString(), isAscii: bytes.length === written.length };
}

const texts = new Map<string, Kept>();

let keptCharacters = 0;

/** When too much is kept it is all forgotten, so that hostile variety costs time, not memory. */
function keep(characters: number): void {
  keptCharacters += characters;
  if (keptCharacters <= MAX_CHARACTERS) return;
  keptCharacters = characters;
  texts.clear();
  Run.none.forget();
}

const beginnings = new Map<string, Kept>();

/** What stands before an attribute's value. */
function beginningOf(key: string): Kept {
  const known = beginnings.get(key);
  if (known !== undefined) return known;
  const begin = kept(`{"key":${JSON.stringify(key)},"value":{`);
  if (beginnings.size >= MAX_KEYS) beginnings.clear();
  beginnings.set(key, begin);
  return begin;
}

/** Repeated attributes one after the other, as they are written: a node of a tree of all such runs. */
class Run implements Kept {
  readonly text: string;
  readonly isAscii: boolean;
  /** By key, then by value. */
  private readonly followers = new Map<string, Map<string, Run>>();

  /** @param written with a comma before each. */
  private constructor(written: string) {
    ({ text: this.text, isAscii: this.isAscii } = kept(written));
  }

  static readonly none = new Run('');

  /** The run that this one becomes with one more attribute. */
  next(key: string, value: string): Run {
    return this.followers.get(key)?.get(value) ?? this.extend(key, value);
  }

  forget(): void {
    this.followers.clear();
  }

  private extend(key: string, value: string): Run {
    const run = new Run(`${this.text},${new JsonWriter().attribute(key, value)}`);
    keep(run.text.length + value.length);
    const values = this.followers.get(key) ?? new Map<string, Run>();
    this.followers.set(key, values.set(value, run));
    return run;
  }
}

/** Most text needs no escapes: to see that is quicker than `JSON.stringify`, for short ones. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]{0,64}$/;
const ASCII = /^[\x00-\x7f]*$/;
