import assert from 'node:assert/strict';
import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Duplex, PassThrough, Writable } from 'node:stream';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  acknowledgerOf,
  inOneWrite,
  isNack,
  openerPrototype,
  readFramesFast,
  switchPatches,
} from '../../src/rabbitmq/amqplib-patches.js';
import type { Frame } from '../../src/rabbitmq/frame-cache.js';
import { property } from '../support/notifications.js';

const load = createRequire(import.meta.url);
const library = (name: string) => load(join(dirname(load.resolve('amqplib')), 'lib', name));
const { Connection } = library('connection.js') as {
  readonly Connection: {
    new (stream: Duplex): object;
    readonly prototype: { recvFrame(): Frame | false };
  };
};
const { Channel: ChannelOfPromises } = library('channel_model.js') as {
  readonly Channel: { readonly prototype: Acks };
};
const { Channel } = library('channel.js') as {
  readonly Channel: new (
    connection: object,
  ) => EventEmitter & { pushConfirmCallback(confirmed: (error: unknown) => void): void };
};
const { version } = load(join(dirname(load.resolve('amqplib')), 'package.json')) as {
  readonly version: string;
};

interface Acks {
  ack(this: object, message: object, allUpTo?: boolean): void;
  nack(this: object, message: object, allUpTo?: boolean, requeue?: boolean): void;
}
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
  readonly stream = {
    read: (): Buffer | null => this.chunks.shift() ?? null,
    cork: () => undefined,
    uncork: () => undefined,
  };
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
  readFramesFast(fast);
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

describe('frames that are read by the patch', () => {
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
    readFramesFast(wire);
    wire.chunks.push(bytes.subarray(5));
    const contents = wire.frames().map((each) => (each as Frame).content?.toString());
    assert.deepEqual(contents, ['one', 'two']);
  });

  it('share what amqplib made of properties, where nobody can change them', () => {
    const wire = new Wire();
    readFramesFast(wire);
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
      readFramesFast(strange);
      assert.equal((strange as Partial<Wire>).recvFrame, 'recvFrame' in strange ? recvFrame : undefined);
    }
  });
});

/** What amqplib has behind a channel: a buffer that is emptied into the socket in the next turn of the event loop. */
class Socket extends Writable {
  readonly read = () => null;
  readonly writes: string[] = [];
  readonly buffer = new PassThrough({ objectMode: true });

  constructor() {
    super({ decodeStrings: false });
    this.buffer.on('readable', () =>
      setImmediate(() => {
        for (let chunk = this.buffer.read(); chunk !== null; chunk = this.buffer.read()) this.write(chunk);
      }),
    );
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.writes.push(chunk);
    done();
  }

  override _writev(chunks: { chunk: string }[], done: () => void): void {
    this.writes.push(chunks.map(({ chunk }) => chunk).join(' '));
    done();
  }

  send(...frames: readonly string[]): void {
    for (const frame of frames) this.buffer.write(frame);
  }
}

function channelOver(stream: Socket) {
  return { connection: { ...new Wire(), stream, recvFrame: () => false } };
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('frames that are sent together', () => {
  it('go in one write, in their order', async () => {
    const socket = new Socket();
    inOneWrite(channelOver(socket), () => socket.send('a', 'b', 'c'));
    await turns(4);
    assert.deepEqual(socket.writes, ['a b c']);
  });

  it('go with those of another channel of the same turn', async () => {
    const socket = new Socket();
    const channel = channelOver(socket);
    inOneWrite(channel, () => socket.send('a', 'b'));
    inOneWrite(channel, () => socket.send('c'));
    await turns(4);
    assert.deepEqual(socket.writes, ['a b c']);
  });

  it('hold nothing up for good when sending fails', async () => {
    const socket = new Socket();
    const fail = () => {
      socket.send('a');
      throw new Error('the channel is closed');
    };
    assert.throws(() => inOneWrite(channelOver(socket), fail), /is closed/);
    await turns(4);
    socket.send('b');
    await turns(4);
    assert.deepEqual(socket.writes, ['a', 'b']);
  });

  it('are sent all the same where the socket cannot be found', async () => {
    for (const channel of [{}, { connection: {} }, { connection: { ...new Wire(), stream: { cork: 1 } } }]) {
      let sent = 0;
      inOneWrite(channel, () => {
        sent++;
      });
      assert.equal(sent, 1);
    }
  });
});

describe('the installed amqplib', () => {
  it('has the shape that the patches were written for', () => {
    assert.match(version, /^2\.3\./);
    assert.notEqual(openerPrototype(), undefined, 'a connection opens by the method `open`');
    assert.equal(readFramesFast(new Connection(new PassThrough())), true, 'frames are read by the patch');
  });

  it('holds a channel’s connection where acknowledgements are sent from', () => {
    const connection = new Connection(new PassThrough());
    assert.equal((new Channel(connection) as unknown as { connection: object }).connection, connection);
  });

  it('says "message nacked" when the broker refuses a publication', () => {
    const channel = new Channel(new Connection(new PassThrough()));
    const outcomes: boolean[] = [];
    for (const _ of [1, 2]) channel.pushConfirmCallback((error) => outcomes.push(isNack(error)));
    channel.emit('ack', { deliveryTag: 1, multiple: false });
    channel.emit('nack', { deliveryTag: 2, multiple: false });
    assert.deepEqual(outcomes, [false, true]);
  });

  it('acknowledges by the tag of a message alone', () => {
    const sent: unknown[] = [];
    const channel = { sendImmediately: (_method: number, fields: object) => sent.push(fields) };
    const { ack, nack } = ChannelOfPromises.prototype;
    const acks = acknowledgerOf({ ack: ack.bind(channel), nack: nack.bind(channel) });
    acks.ack(7, true);
    acks.reject(8);
    acks.requeue(9);
    const tags = sent.map((fields) => (fields as { deliveryTag: number }).deliveryTag);
    assert.deepEqual(tags, [7, 8, 9]);
  });

  it('is left as it is when the patches are switched off', () => {
    switchPatches(false);
    try {
      assert.equal(readFramesFast(new Connection(new PassThrough())), false);
    } finally {
      switchPatches(true);
    }
  });
});
