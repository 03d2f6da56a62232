/**
 * Golden files under test/fixtures/golden: `<name>.ndjson` holds recorded notifications as they were on the wire, and
 * `<name>.json` what they are, the settings other than the default ones, the notifications once more for reading, and
 * the spans that they must become. docs/mapping.md takes its examples from them.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from '../../src/codec/envelope.js';
import { parseExactly } from '../../src/python-json/parse-exactly.js';
import { Translator, type TranslatorOptions } from '../../src/translator.js';
import { type RecordedMessage, readRecords } from './captures.js';
import { type ReadableSpanJson, toReadable } from './readable-span.js';

const GOLDEN_DIRECTORY = join(process.cwd(), 'test', 'fixtures', 'golden');

export interface Golden {
  readonly what: string;
  readonly settings?: TranslatorOptions;
  /** Payloads. What JSON lacks (NaN, long integers) stands here as text. */
  readonly notifications: readonly unknown[];
  readonly spans: readonly ReadableSpanJson[];
}

export function goldenNames(): string[] {
  return readdirSync(GOLDEN_DIRECTORY)
    .filter((file) => file.endsWith('.ndjson'))
    .map((file) => file.slice(0, -'.ndjson'.length))
    .sort();
}

export function readGolden(name: string): Golden {
  return JSON.parse(readFileSync(pathOf(name, 'json'), 'utf8')) as Golden;
}

/** The recorded messages of a golden file. */
export function readGoldenMessages(name: string): RecordedMessage[] {
  return readRecords(readFileSync(pathOf(name, 'ndjson'), 'utf8'));
}

export function writeGolden(name: string, golden: Golden): void {
  writeFileSync(pathOf(name, 'json'), `${JSON.stringify(golden, null, 2)}\n`);
}

/** What the golden file must say by the present mapping. */
export function makeGolden(name: string): Golden {
  const { what, settings } = readGolden(name);
  const messages = readGoldenMessages(name);
  const golden = {
    what,
    ...(settings === undefined ? {} : { settings }),
    notifications: messages.map(payloadOf),
    spans: translateAll(messages, settings ?? {}),
  };
  return JSON.parse(JSON.stringify(golden, asText)) as Golden;
}

/** The spans of messages in the order in which they leave, what is open at the end included. */
function translateAll(
  messages: readonly RecordedMessage[],
  settings: TranslatorOptions,
): readonly ReadableSpanJson[] {
  const translator = new Translator(settings);
  const added = messages.flatMap(({ body, properties }) => {
    const decoded = decode(body, properties);
    if (decoded.kind !== 'event') throw new Error(`a golden record is ${decoded.kind}`);
    return translator.add(decoded.event, undefined);
  });
  return [...added, ...translator.flush()].flatMap((made) =>
    made.kind === 'span' ? [toReadable(made.span)] : [],
  );
}

/** The payload with kombu's tags, which decoding takes away. */
function payloadOf({ body }: RecordedMessage): unknown {
  const parsed = parseExactly(body.toString('utf8'), 100);
  return (parsed.ok ? (parsed.value as Record<string, unknown>) : {})['payload'];
}

function asText(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

function pathOf(name: string, extension: 'json' | 'ndjson'): string {
  return join(GOLDEN_DIRECTORY, `${name}.${extension}`);
}
