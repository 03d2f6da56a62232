/** Notifications that went wrong on their way: real ones, mutated. */
import type { Options } from 'amqplib';
import type { Random } from './random.js';

export interface FuzzedMessage {
  readonly body: Buffer;
  readonly properties?: Options.Publish;
}

type Mutation = (body: Buffer, random: Random) => FuzzedMessage;

/** What may stand where JSON has a value. */
const VALUES = [
  'null',
  'true',
  '-1',
  '1e999',
  'NaN',
  '-Infinity',
  '123456789012345678901234567890',
  '""',
  '"\\ud800"',
  '"\\u0000"',
  '[]',
  '{}',
  '[[[{"a": [1, 2, {"b": null}]}]]]',
  '{"__type__": "datetime", "__value__": "2026-11-22T07:16:10"}',
  '{"__proto__": {"x": 1}}',
  '"2026-13-45T99:99:99.000000"',
  '"1969-12-31T23:59:59.999999"',
  '"db-middle"',
  '"-start"',
  '"-stop"',
];

const KEYS = [
  'name',
  'base_id',
  'trace_id',
  'parent_id',
  'timestamp',
  'info',
  'project',
  'service',
  'host',
  'db',
  'statement',
  'params',
  'payload',
  'event_type',
];

const WHOLE_BODIES = [
  '',
  ' ',
  'null',
  '[]',
  '"text"',
  '0',
  '{}',
  '\ufeff{}',
  '{"payload": {}}',
  '{"oslo.version": "2.0"}',
];

const COMPRESSIONS = ['application/x-gzip', 'application/x-bz2', 'application/zstd', 'nonsense', ''];

const FOREIGN_EVENTS = [
  'compute.instance.create.start',
  'port.update.end',
  'identity.user.created',
  'profiler',
];

const BYTES_BEYOND_THE_LIMIT = 5 * 1024 * 1024;

const COMMON: readonly Mutation[] = [
  flipBytes,
  flipBytes,
  cutOff,
  removeRange,
  repeatRange,
  insertBytes,
  replaceValue,
  replaceValue,
  replaceValue,
  renameKey,
  setEventType,
  setCompression,
  setEncoding,
  wrapInEnvelope,
  replaceWhole,
];
const RARE: readonly Mutation[] = [nestDeeply, growBeyondTheLimit];

/** A mutation of a real body. */
export function fuzz(body: Buffer, random: Random): FuzzedMessage {
  const mutation = random.below(200) === 0 ? random.pick(RARE) : random.pick(COMMON);
  const mutated = mutation(body, random);
  // Some go wrong twice.
  return random.below(4) === 0 ? { ...mutated, ...random.pick(COMMON)(mutated.body, random) } : mutated;
}

function flipBytes(body: Buffer, random: Random): FuzzedMessage {
  const mutated = Buffer.from(body);
  if (mutated.length === 0) return { body: mutated };
  for (let flips = 1 + random.below(4); flips > 0; flips--) {
    const at = random.below(mutated.length);
    mutated[at] = mutated[at]! ^ (1 << random.below(8));
  }
  return { body: mutated };
}

function cutOff(body: Buffer, random: Random): FuzzedMessage {
  return { body: body.subarray(0, random.below(body.length + 1)) };
}

function removeRange(body: Buffer, random: Random): FuzzedMessage {
  const [from, to] = range(body, random);
  return { body: Buffer.concat([body.subarray(0, from), body.subarray(to)]) };
}

function repeatRange(body: Buffer, random: Random): FuzzedMessage {
  const [from, to] = range(body, random);
  return { body: Buffer.concat([body.subarray(0, to), body.subarray(from)]) };
}

function insertBytes(body: Buffer, random: Random): FuzzedMessage {
  const at = random.below(body.length + 1);
  const inserted = Buffer.from(Array.from({ length: 1 + random.below(8) }, () => random.below(256)));
  return { body: Buffer.concat([body.subarray(0, at), inserted, body.subarray(at)]) };
}

function replaceValue(body: Buffer, random: Random): FuzzedMessage {
  const simple = new RegExp(`("${random.pick(KEYS)}": )("[^"]*"|[0-9.]+|null|[[{])`);
  const value = random.pick(VALUES);
  return textually(body, (text) => text.replace(simple, (_, key: string) => `${key}${value}`));
}

function renameKey(body: Buffer, random: Random): FuzzedMessage {
  const key = random.pick(KEYS);
  return textually(body, (text) => text.replace(`"${key}":`, `"${key.toUpperCase()}":`));
}

function setEventType(body: Buffer, random: Random): FuzzedMessage {
  const event = random.pick(FOREIGN_EVENTS);
  return textually(body, (text) => text.replace(/"event_type": "[^"]*"/, `"event_type": "${event}"`));
}

function setCompression(body: Buffer, random: Random): FuzzedMessage {
  return { body, properties: { headers: { compression: random.pick(COMPRESSIONS) } } };
}

function setEncoding(body: Buffer, random: Random): FuzzedMessage {
  return {
    body,
    properties: { contentEncoding: random.pick(['utf-16', 'binary', '']), contentType: 'text/plain' },
  };
}

function wrapInEnvelope(body: Buffer, random: Random): FuzzedMessage {
  const { body: inner } = random.pick(COMMON)(body, random);
  const version = random.pick(['2.0', '1.0', '3.0']);
  return {
    body: Buffer.from(JSON.stringify({ 'oslo.version': version, 'oslo.message': inner.toString('utf8') })),
  };
}

function replaceWhole(_: Buffer, random: Random): FuzzedMessage {
  return { body: Buffer.from(random.pick(WHOLE_BODIES)) };
}

function nestDeeply(body: Buffer, random: Random): FuzzedMessage {
  const depth = 50 + random.below(100_000);
  return textually(body, (text) =>
    text.replace('"info": ', `"x": ${'['.repeat(depth)}${']'.repeat(depth)}, "info": `),
  );
}

function growBeyondTheLimit(body: Buffer): FuzzedMessage {
  return { body: Buffer.concat([body, Buffer.alloc(BYTES_BEYOND_THE_LIMIT, ' ')]) };
}

function textually(body: Buffer, change: (text: string) => string): FuzzedMessage {
  return { body: Buffer.from(change(body.toString('latin1')), 'latin1') };
}

function range(body: Buffer, random: Random): [from: number, to: number] {
  const from = random.below(body.length + 1);
  return [from, Math.min(body.length, from + 1 + random.below(64))];
}
