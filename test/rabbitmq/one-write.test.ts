import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { inOneWrite } from '../../src/rabbitmq/one-write.js';

/** What amqplib has behind a channel: a buffer that is emptied into the socket in the next turn of the event loop. */
class Socket extends Writable {
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

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('frames that are sent together', () => {
  it('go in one write, in their order', async () => {
    const socket = new Socket();
    inOneWrite({ connection: { stream: socket } }, () => socket.send('a', 'b', 'c'));
    await turns(4);
    assert.deepEqual(socket.writes, ['a b c']);
  });

  it('go with those of another channel of the same turn', async () => {
    const socket = new Socket();
    const channel = { connection: { stream: socket } };
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
    assert.throws(() => inOneWrite({ connection: { stream: socket } }, fail), /is closed/);
    await turns(4);
    socket.send('b');
    await turns(4);
    assert.deepEqual(socket.writes, ['a', 'b']);
  });

  it('are sent all the same where the socket cannot be found', async () => {
    for (const channel of [{}, { connection: {} }, { connection: { stream: { cork: 1 } } }]) {
      let sent = 0;
      inOneWrite(channel, () => {
        sent++;
      });
      assert.equal(sent, 1);
    }
  });
});
