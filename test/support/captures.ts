/**
 * Recorded notifications of real services, kept under test/fixtures/captures: one JSON record a line, the body
 * exactly as it was on the wire. Tests run from the project's root.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { MessageProperties } from '../../src/contracts.js';

export const CAPTURES_DIRECTORY = join(process.cwd(), 'test', 'fixtures', 'captures');

export interface RecordedMessage {
  readonly body: Buffer;
  readonly properties: MessageProperties;
  readonly exchange: string;
  readonly routingKey: string;
}

interface CaptureLine {
  readonly exchange: string;
  readonly routing_key: string;
  readonly properties?: {
    readonly content_type?: string;
    readonly content_encoding?: string;
    readonly headers?: Record<string, unknown>;
  };
  readonly body?: string;
  readonly body_base64?: string;
}

/** The names of all captures, without `.ndjson` or `.ndjson.gz`. */
export function captureNames(): string[] {
  return captureFiles().map((file) => file.replace(/\.ndjson(\.gz)?$/, ''));
}

export function captureFiles(): string[] {
  return readdirSync(CAPTURES_DIRECTORY)
    .filter((file) => /\.ndjson(\.gz)?$/.test(file))
    .sort();
}

/** Where a capture lies, compressed or not. */
export function capturePath(name: string): string {
  const file = captureFiles().find((candidate) => candidate.replace(/\.ndjson(\.gz)?$/, '') === name);
  if (file === undefined) throw new Error(`no capture is called ${name}`);
  return join(CAPTURES_DIRECTORY, file);
}

/** The text of a capture, decompressed. */
export function captureText(name: string): string {
  const path = capturePath(name);
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

export function readCapture(name: string): RecordedMessage[] {
  return readRecords(captureText(name));
}

/** The messages of a recording's text. */
export function readRecords(text: string): RecordedMessage[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => toMessage(JSON.parse(line) as CaptureLine));
}

function toMessage({
  exchange,
  routing_key,
  properties = {},
  body,
  body_base64,
}: CaptureLine): RecordedMessage {
  return {
    body: body === undefined ? Buffer.from(body_base64 ?? '', 'base64') : Buffer.from(body),
    properties: {
      contentType: properties.content_type,
      contentEncoding: properties.content_encoding,
      headers: properties.headers,
    },
    exchange,
    routingKey: routing_key,
  };
}
