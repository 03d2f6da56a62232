import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readFrames } from '../../src/rabbitmq/frame-reader.js';
import type { Frame } from '../../src/rabbitmq/known-frames.js';
import { property } from '../support/notifications.js';

const load = createRequire(import.meta.url);
const library = (name: string) => load(join(dirname(load.resolve('amqplib')), 'lib', name));
const { Connection } = library('connection.js') as {
  readonly Connection: { readonly prototype: { recvFrame(): Frame | false } };
};
const { encodeMethod, encodeProperties } = library('defs.js') as {
  encodeMethod(id: number, channel: number, fields: object): Buffer;
  encodeProperties(id: number, channel: number, size: number, fields: object): Buffer;
};
const { makeBodyFrame } = library('frame.js') as { makeBodyFrame(channel: number, body: Buffer): Buffer };

const DELIVER = 0x3c_00_3c;
const PROPERTIES = 0x3c;
const QOS_OK = 0x3c_00_0b;
const HEARTBEAT = Buffer.from([8, 0, 0, 0, 0, 0, 0, 0xce]);
const MOST_FRAME_BYTES = 4_096;

/** A connection as amqplib has it, with bytes to read in place of a socket. */
class Wire {
  rest = Buffer.alloc(0);
  recvSinceLastCheck = false;
  readonly maxFrameSize = MOST_FRAME_BYTES;
  readonly chunks: Buffer[] = [];
  readonly stream = { read: (): Buffer | null => this.chunks.shift() ?? null };
  recvFrame: () => Frame | false = Connection.prototype.recvFrame;

  /** All frames that there are now, and what was thrown. */
  frames(): (Frame | string)[] {
    const frames: (Frame | string)[] = [];
    try {
      for (let frame = this.recvFrame(); frame !== false; frame = this.recvFrame()) frames.push(frame);
    } catch (error) {
      frames.push(String(error));
    }
    return frames;
  }
}

/** What amqplib reads, and what is read here, chunk by chunk. */
function readBothWays(chunks: readonly Buffer[]): { theirs: unknown[]; ours: unknown[] } {
  const [amqplibs, fast] = [new Wire(), new Wire()];
  readFrames(fast);
  const read = (wire: Wire) =>
    chunks.map((chunk) => {
      wire.chunks.push(chunk);
      const frames = wire.frames();
      const { recvSinceLastCheck: heard } = wire;
      wire.recvSinceLastCheck = false;
      return { frames, heard };
    });
  return { theirs: read(amqplibs), ours: read(fast) };
}

const few = <T>(...values: readonly T[]) => fc.constantFrom(...values);
const channel = few(1, 2, 65_535);
const deliver = fc
  .record({
    consumerTag: few('bridge', 'bridge.2', '', 'é'.repeat(100)),
    deliveryTag: fc.oneof(fc.nat(), fc.integer({ min: 2 ** 32, max: 2 ** 53 })),
    redelivered: fc.boolean(),
    exchange: few('', 'nova'),
    routingKey: few('profiler.info', 'x'.repeat(255)),
  })
  .chain((fields) => channel.map((id) => encodeMethod(DELIVER, id, fields)));
const usual = {
  contentType: 'application/json',
  contentEncoding: 'utf-8',
  headers: {},
  deliveryMode: 2,
  priority: 0,
};
const properties = few<object>(
  usual,
  {},
  { ...usual, headers: { 'x-delivery-count': 3 } },
  {
    ...usual,
    deliveryMode: 1,
    timestamp: 2 ** 40,
    messageId: 'µ'.repeat(100),
    correlationId: 'x'.repeat(255),
  },
  { contentType: 'x'.repeat(255), replyTo: 'y'.repeat(255), appId: 'z'.repeat(255) },
);
const header = fc
  .record({ of: properties, size: fc.nat(2 ** 40), id: channel })
  .map(({ of, size, id }) => encodeProperties(PROPERTIES, id, size, of));
const body = fc
  .record({ bytes: fc.uint8Array({ maxLength: 600 }), id: channel })
  .map(({ bytes, id }) => makeBodyFrame(id, Buffer.from(bytes)));
const other = few(HEARTBEAT, encodeMethod(QOS_OK, 1, {}));
const frame = fc.oneof(
  { arbitrary: deliver, weight: 4 },
  { arbitrary: header, weight: 4 },
  { arbitrary: body, weight: 4 },
  other,
);
const messages = fc.array(frame, { maxLength: 30 }).map((frames) => Buffer.concat(frames));
const cuts = fc.array(fc.nat(4_000), { maxLength: 12 });

function cutAt(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set([0, ...at.filter((each) => each < bytes.length), bytes.length])];
  places.sort((one, other) => one - other);
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

describe('frames that are read here', () => {
  it('are what amqplib reads from the same bytes, wherever those are cut', () => {
    fc.assert(
      fc.property(messages, cuts, (bytes, at) => {
        const { theirs, ours } = readBothWays(cutAt(bytes, at));
        assert.deepEqual(ours, theirs);
      }),
      property(),
    );
  });

  it('are what amqplib reads, byte by byte', () => {
    fc.assert(
      fc.property(messages, (bytes) => {
        const { theirs, ours } = readBothWays([...bytes].map((byte) => Buffer.from([byte])));
        assert.deepEqual(ours, theirs);
      }),
      property(10),
    );
  });

  it('fail where amqplib fails, and as it does', () => {
    const damage = fc.record({ where: fc.nat(600), byte: fc.nat(255) });
    let failures = 0;
    fc.assert(
      fc.property(messages, cuts, damage, (bytes, at, { where, byte }) => {
        if (where < bytes.length) bytes[where] = byte;
        const { theirs, ours } = readBothWays(cutAt(bytes, at));
        assert.deepEqual(ours, theirs);
        if (JSON.stringify(theirs).includes('Error: ')) failures++;
      }),
      property(),
    );
    assert.ok(failures > 10, `${failures} failures`);
  });

  it('that are too large are refused before they have come, as often as they are asked for', () => {
    const begin = Buffer.from([3, 0, 1, 0xff, 0xff, 0xff, 0xce]);
    const { theirs, ours } = readBothWays([begin, Buffer.alloc(10)]);
    assert.deepEqual(ours, theirs);
    assert.match(JSON.stringify(ours), /exceeds maxFrameSize.*exceeds maxFrameSize/);
  });

  it('go on behind what amqplib had read and not used', () => {
    const bytes = Buffer.concat([makeBodyFrame(1, Buffer.from('one')), makeBodyFrame(1, Buffer.from('two'))]);
    const wire = new Wire();
    wire.rest = bytes.subarray(0, 5);
    readFrames(wire);
    wire.chunks.push(bytes.subarray(5));
    const contents = wire.frames().map((each) => (each as Frame).content?.toString());
    assert.deepEqual(contents, ['one', 'two']);
  });

  it('share what amqplib made of properties, where nobody can change them', () => {
    const wire = new Wire();
    readFrames(wire);
    const own = { ...usual, headers: { tries: 1 } };
    for (const of of [usual, usual, own, own]) wire.chunks.push(encodeProperties(PROPERTIES, 1, 9, of));
    const [first, second, third, fourth] = wire.frames().map((each) => (each as Frame).fields);
    assert.equal(first, second);
    assert.ok(Object.isFrozen(first) && Object.isFrozen((first as { headers: object }).headers));
    assert.notEqual(third, fourth);
    assert.deepEqual(third, fourth);
  });

  it('are left to an amqplib that is built differently', () => {
    const recvFrame = () => false;
    for (const strange of [
      { recvFrame },
      { ...new Wire(), recvFrame, stream: {} },
      { rest: Buffer.alloc(0) },
    ]) {
      readFrames(strange);
      assert.equal((strange as Partial<Wire>).recvFrame, 'recvFrame' in strange ? recvFrame : undefined);
    }
  });
});
