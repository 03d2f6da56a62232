import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { BridgeError } from '../../src/errors.js';
import { RecordingReceiver } from '../../src/recordings/recording.js';
import { payload } from '../support/notifications.js';
import { RememberingHandler, RememberingLog } from '../support/receiving.js';

const START = payload();
const STOP = payload({ name: 'work-stop', timestamp: '2026-11-22T07:29:40.000000' });
const RAW = { 'meta.raw_payload.work-stop': STOP, 'meta.raw_payload.work-start': START };
const REPORT = JSON.stringify({ info: { name: 'total' }, children: [{ info: RAW }], stats: {} }, null, 2);
const BODIES = [START, STOP].map((each) => JSON.stringify(each));

interface Replay {
  readonly handler: RememberingHandler;
  readonly receiver: RecordingReceiver;
  readonly run: () => Promise<void>;
}

function replay(input: string | Buffer, maxDocumentBytes?: number, window = 10): Replay {
  const handler = new RememberingHandler((delivery) => void (window > 1 && delivery.acknowledge()));
  const receiver = new RecordingReceiver({
    files: ['-'],
    stdin: Readable.from([Buffer.from(input)]),
    window,
    ...(maxDocumentBytes === undefined ? {} : { maxDocumentBytes }),
    log: new RememberingLog(),
  });
  return { handler, receiver, run: () => receiver.run(handler) };
}

function unreadable(message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof BridgeError && error.code === 'INPUT_UNREADABLE' && error.hint);
    assert.match(error.message, message);
    return true;
  };
}

describe("a recording that is osprofiler's report", () => {
  it('gives a delivery a payload, in the order of their times', async () => {
    for (const input of [REPORT, gzipSync(REPORT), `\n${JSON.stringify(JSON.parse(REPORT))}\n`]) {
      const { handler, run } = replay(input);
      await run();
      assert.deepEqual(handler.bodies, BODIES);
      const [first] = handler.deliveries;
      assert.deepEqual(
        [first?.exchange, first?.routingKey, first?.redelivered, first?.properties, first?.origin.name],
        ['', '', false, {}, 'standard input'],
      );
    }
  });

  it('may have lines after it', async () => {
    const { handler, run } = replay(`${REPORT}\n${BODIES[0]}\n`);
    await run();
    assert.deepEqual(handler.bodies, [...BODIES, BODIES[0]]);
  });

  it('waits for room between two payloads, and can be stopped there', async () => {
    const { handler, receiver, run } = replay(REPORT, undefined, 1);
    const running = run();
    while (handler.deliveries.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await receiver.stop();
    await running;
    assert.deepEqual(handler.bodies, BODIES.slice(0, 1));
  });

  it('cannot be read when it is torn, bent or too long, and nothing of it is delivered', async () => {
    for (const [input, message, max] of [
      [
        REPORT.slice(0, -10),
        /^standard input: the document on line 1 cannot be read: it ends before its brackets/,
      ],
      [REPORT.replace('"total"', '01'), /document on line 1 cannot be read: unexpected "1" at character/],
      [REPORT, /cannot be read: it is longer than 100 bytes/, 100],
    ] as const) {
      const { handler, run } = replay(input, max);
      await assert.rejects(run(), unreadable(message));
      assert.deepEqual(handler.bodies, []);
    }
  });
});
