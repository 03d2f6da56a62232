import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Delivery, Log, Origin, ReceiverHandler } from '../../src/contracts.js';
import { BridgeError } from '../../src/errors.js';
import { RecordingReceiver } from '../../src/recordings/recording.js';

let directory: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'recording-'));
});

after(() => rm(directory, { recursive: true }));

async function file(name: string, content: string | Buffer): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Keeps deliveries; settles them at once unless told otherwise. */
class Collector implements ReceiverHandler {
  readonly deliveries: Delivery[] = [];
  readonly lost: Origin[] = [];
  #arrival: { count: number; resolve: () => void } | undefined;

  constructor(private readonly settles = true) {}

  onDelivery(delivery: Delivery): void {
    this.deliveries.push(delivery);
    if (this.settles) {
      delivery.acknowledge();
    }
    if (this.#arrival !== undefined && this.deliveries.length >= this.#arrival.count) {
      this.#arrival.resolve();
    }
  }

  onRequeued(): void {}

  onOriginLost(origin: Origin): void {
    this.lost.push(origin);
  }

  /** Resolves when that many have come in all. */
  arrived(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#arrival = { count, resolve };
      if (this.deliveries.length >= count) {
        resolve();
      }
    });
  }

  get bodies(): string[] {
    return this.deliveries.map((delivery) => delivery.body.toString());
  }
}

async function bodiesOf(...files: string[]): Promise<string[]> {
  const collector = new Collector();
  await new RecordingReceiver({ files, log: SILENT }).run(collector);
  return collector.bodies;
}

/** A turn of the event loop, with all that was ready in it. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

function unreadable(message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof BridgeError);
    assert.equal(error.code, 'INPUT_UNREADABLE');
    assert.match(error.message, message);
    assert.ok(error.hint);
    return true;
  };
}

describe('a recording', () => {
  it('gives a delivery a line, with what was recorded round it', async () => {
    const record = {
      exchange: 'nova',
      routing_key: 'profiler.info',
      redelivered: true,
      properties: {
        content_type: 'application/json',
        content_encoding: 'utf-8',
        headers: { compression: 'x' },
      },
      body_base64: Buffer.from('packed').toString('base64'),
    };
    const path = await file('record.ndjson', `${JSON.stringify(record)}\n\n{"name": NaN}\nno JSON`);
    const collector = new Collector();
    const receiver = new RecordingReceiver({ files: [path], log: SILENT });
    assert.equal(receiver.state.kind, 'connecting');
    await receiver.run(collector);
    assert.equal(receiver.state.kind, 'ended');
    assert.deepEqual(collector.bodies, ['packed', '{"name": NaN}', 'no JSON']);
    const [first] = collector.deliveries;
    assert.ok(first);
    assert.deepEqual([first.exchange, first.routingKey, first.redelivered], ['nova', 'profiler.info', true]);
    assert.deepEqual(first.properties.headers, { compression: 'x' });
    assert.equal(first.origin.name, path);
  });

  it('may be gzip, of one member or several, whatever its name', async () => {
    const one = await file('one.ndjson', gzipSync('a\nb\n'));
    const several = await file(
      'several.ndjson',
      Buffer.concat([gzipSync('a\nb'), gzipSync('c\n'), gzipSync('d')]),
    );
    assert.deepEqual(await bodiesOf(one), ['a', 'b']);
    assert.deepEqual(await bodiesOf(several), ['a', 'bc', 'd']);
  });

  it('may be empty, or a single byte', async () => {
    assert.deepEqual(await bodiesOf(await file('empty', ''), await file('byte', '7')), ['7']);
  });

  it('is followed by the next one', async () => {
    const files = [
      await file('first', 'a\nb'),
      await file('second', gzipSync('c')),
      await file('third', 'd\n'),
    ];
    assert.deepEqual(await bodiesOf(...files), ['a', 'b', 'c', 'd']);
  });

  it('may come from standard input, plain or gzip', async () => {
    for (const stdin of [
      Readable.from([Buffer.from('a\n'), Buffer.from('b')]),
      Readable.from([gzipSync('a\nb')]),
    ]) {
      const collector = new Collector();
      await new RecordingReceiver({ files: ['-'], stdin, log: SILENT }).run(collector);
      assert.deepEqual(collector.bodies, ['a', 'b']);
      assert.equal(collector.deliveries[0]?.origin.name, 'standard input');
    }
  });

  it('with a line that is too long says so in its place and goes on', async () => {
    const path = await file('long', `a\n${'x'.repeat(2000)}\n${'b'.repeat(1000)}\n`);
    const warnings: Record<string, unknown>[] = [];
    const log = { ...SILENT, warn: (fields: Record<string, unknown>) => warnings.push(fields) };
    const collector = new Collector();
    await new RecordingReceiver({ files: [path], maxLineBytes: 1000, log }).run(collector);
    assert.deepEqual(collector.bodies, ['a', `line 2 of ${path} is too long: 2000 bytes`, 'b'.repeat(1000)]);
    assert.deepEqual(warnings, [{ file: path, line: 2, bytes: 2000 }]);
  });

  it('tells how far it is read, before unpacking', async () => {
    const packed = gzipSync('a\n'.repeat(1000));
    const files = [await file('p1', packed), await file('p2', 'abc')];
    const progress: [number, number | undefined][] = [];
    const onProgress = (read: number, total: number | undefined) => progress.push([read, total]);
    await new RecordingReceiver({ files, log: SILENT, onProgress }).run(new Collector());
    assert.deepEqual(progress.at(-1), [packed.length + 3, packed.length + 3]);
    const stdin = Readable.from([Buffer.from('abcd')]);
    await new RecordingReceiver({ files: ['-'], stdin, log: SILENT, onProgress }).run(new Collector());
    assert.deepEqual(progress.at(-1), [4, undefined]);
  });

  it('is played at a multiple of its own pace to the end', async () => {
    const at = (second: number) => `{"body": "x", "received_at": "2026-01-01T00:00:0${second}Z"}`;
    const bare = '{"timestamp": "2026-01-01T00:00:05.000000"}';
    const path = await file('pace', [at(0), at(4), at(2), bare, 'no time'].join('\n'));
    const collector = new Collector();
    await new RecordingReceiver({ files: [path], speed: 1000, log: SILENT }).run(collector);
    assert.deepEqual(collector.bodies, ['x', 'x', 'x', bare, 'no time']);
  });
});

describe('the window of a recording', () => {
  it('keeps reading from going further than unacknowledged deliveries allow', async () => {
    const path = await file('window', '1\n2\n3\n4\n5\n6\n');
    const collector = new Collector(false);
    const running = new RecordingReceiver({ files: [path], window: 2, log: SILENT }).run(collector);
    await collector.arrived(2);
    await turn();
    assert.deepEqual(collector.bodies, ['1', '2']);
    const [first, second] = collector.deliveries;
    assert.equal(first?.acknowledge(), true);
    assert.equal(first?.acknowledge(), false);
    await collector.arrived(3);
    await turn();
    assert.equal(collector.deliveries.length, 3);
    second?.deadLetter({ reason: 'not-json', detail: 'no JSON' });
    collector.deliveries[2]?.acknowledge();
    await collector.arrived(5);
    for (const delivery of collector.deliveries) {
      delivery.acknowledge();
    }
    await running;
    assert.equal(collector.deliveries.length, 6);
  });

  it('leaves deliveries to be settled after the end', async () => {
    const collector = new Collector(false);
    const receiver = new RecordingReceiver({ files: [await file('later', '1\n2')], log: SILENT });
    await receiver.run(collector);
    const [first, second] = collector.deliveries;
    assert.equal(first?.live, true);
    assert.equal(first?.acknowledge(), true);
    assert.equal(first?.live, false);
    await receiver.close();
    assert.equal(second?.live, false);
    assert.equal(second?.acknowledge(), false);
    assert.deepEqual(collector.lost, [second?.origin]);
  });

  it('has nothing to declare lost when all was settled', async () => {
    const collector = new Collector();
    const receiver = new RecordingReceiver({ files: [await file('settled', '1\n2')], log: SILENT });
    await receiver.run(collector);
    await receiver.close();
    await receiver.close();
    assert.deepEqual(collector.lost, []);
  });
});

describe('stopping a recording', () => {
  it('ends it while it waits for room', async () => {
    const collector = new Collector(false);
    const receiver = new RecordingReceiver({
      files: [await file('stop', '1\n2\n3')],
      window: 1,
      log: SILENT,
    });
    const running = receiver.run(collector);
    await collector.arrived(1);
    await receiver.stop();
    await running;
    assert.deepEqual(collector.bodies, ['1']);
    assert.equal(collector.deliveries[0]?.acknowledge(), true);
  });

  it('ends it while it waits for standard input', async () => {
    for (const packed of [false, true]) {
      const stdin = new PassThrough();
      const collector = new Collector();
      const receiver = new RecordingReceiver({ files: ['-'], stdin, log: SILENT });
      const running = receiver.run(collector);
      stdin.write(packed ? gzipSync('1\n').subarray(0, 10) : '1\n2');
      await (packed ? turn() : collector.arrived(1));
      await receiver.stop();
      await running;
      assert.deepEqual(collector.bodies, packed ? [] : ['1']);
    }
  });

  it('ends it while it waits for its own pace', async () => {
    const at = (hour: number) => `{"body": "${hour}", "received_at": "2026-01-01T0${hour}:00:00Z"}\n`;
    const collector = new Collector();
    const receiver = new RecordingReceiver({
      files: [await file('slow', at(0) + at(9))],
      speed: 1,
      log: SILENT,
    });
    const running = receiver.run(collector);
    await collector.arrived(1);
    await receiver.stop();
    await running;
    assert.deepEqual(collector.bodies, ['0']);
  });

  it('before it began leaves nothing to read', async () => {
    const collector = new Collector();
    const receiver = new RecordingReceiver({ files: [await file('never', '1')], log: SILENT });
    await receiver.stop();
    await receiver.run(collector);
    assert.deepEqual(collector.bodies, []);
  });
});

describe('a recording that cannot be read', () => {
  it('is told before anything is handed over', async () => {
    const good = await file('good', '1\n');
    const dir = join(directory, 'dir');
    await mkdir(dir);
    const gone = join(directory, 'gone');
    for (const [files, expected] of [
      [[good, gone], /cannot read .*gone: ENOENT/],
      [[good, dir], /dir is a directory/],
      [[good, '-'], /there is no standard input/],
    ] as const) {
      const collector = new Collector();
      const receiver = new RecordingReceiver({ files, log: SILENT });
      await assert.rejects(receiver.run(collector), unreadable(expected));
      assert.deepEqual(collector.bodies, []);
      assert.equal(receiver.state.kind, 'ended');
    }
  });

  it('may name standard input only once', async () => {
    const receiver = new RecordingReceiver({ files: ['-', '-'], stdin: Readable.from([]), log: SILENT });
    await assert.rejects(receiver.run(new Collector()), unreadable(/once only/));
  });

  it('for being damaged gzip is told when that is seen', async () => {
    const packed = gzipSync(Array.from({ length: 5000 }, (_, n) => `line ${n * 7919}\n`).join(''));
    const torn = await file('torn.gz', packed.subarray(0, packed.length - 20));
    const bent = await file('bent.gz', Buffer.concat([packed.subarray(0, 40), Buffer.alloc(40, 0xff)]));
    for (const path of [torn, bent]) {
      const run = new RecordingReceiver({ files: [path], log: SILENT }).run(new Collector());
      await assert.rejects(run, unreadable(/\.gz is no intact gzip file: /));
    }
  });

  it('for an error of standard input is told', async () => {
    const stdin = new PassThrough();
    const collector = new Collector();
    const running = new RecordingReceiver({ files: ['-'], stdin, log: SILENT }).run(collector);
    stdin.write('1\n');
    await collector.arrived(1);
    stdin.destroy(new Error('unplugged'));
    await assert.rejects(running, unreadable(/cannot read standard input: unplugged/));
  });
});
