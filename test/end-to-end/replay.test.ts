/** Recordings through the program to a backend. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { capturePath, captureText, readCapture } from '../support/captures.js';
import { OtlpReceiver, type ReceivedSpan } from '../support/otlp-receiver.js';
import { type Ended, runProgram } from './program.js';

const NESTED = 'py-nested';
const NESTED_SPANS = 5;

describe('replay', () => {
  let backend: OtlpReceiver;
  let directory: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'osprofiler-replay-'));
  });
  after(() => rm(directory, { recursive: true, force: true }));
  beforeEach(async () => {
    backend = await OtlpReceiver.start();
  });
  afterEach(() => backend.stop());

  const replay = (args: readonly string[], input?: string | Buffer): Promise<Ended> =>
    runProgram(['replay', '--endpoint', backend.url, ...args], input);
  const fileOf = async (name: string, content: string | Buffer): Promise<string> => {
    const file = join(directory, name);
    await writeFile(file, content);
    return file;
  };

  it('sends the spans of a recording and says how many', async () => {
    const { status, stdout, stderr } = await replay([capturePath(NESTED)]);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^notifications\s+10\nspans\s+5\n/);
    assertNested(backend.spans);
  });

  it('reads bodies without their envelope, bare payloads, and mixtures', async () => {
    const bodies = readCapture(NESTED).map(({ body }) => body.toString('utf8'));
    const payloads = bodies.map((body) => JSON.stringify((JSON.parse(body) as { payload: unknown }).payload));
    const mixed = [...bodies.slice(0, 5), ...payloads.slice(5)];
    for (const lines of [bodies, payloads, mixed]) {
      backend.clear();
      const { status, stderr } = await replay([await fileOf('lines.ndjson', lines.join('\n'))]);
      assert.equal(status, 0, stderr);
      assertNested(backend.spans);
    }
  });

  it('reads compressed recordings, by what they hold and not by their name', async () => {
    const file = await fileOf('compressed', gzipSync(captureText(NESTED)));
    assert.equal((await replay([file])).status, 0);
    assertNested(backend.spans);
  });

  it('reads standard input, plain or compressed', async () => {
    for (const input of [captureText(NESTED), gzipSync(captureText(NESTED))]) {
      backend.clear();
      const { status, stderr } = await replay(['-'], input);
      assert.equal(status, 0, stderr);
      assertNested(backend.spans);
    }
  });

  it('reads several recordings, halves of a point in different ones', async () => {
    const lines = captureText(NESTED).trim().split('\n');
    const first = await fileOf('first.ndjson', lines.slice(0, 5).join('\n'));
    const second = await fileOf('second.ndjson', lines.slice(5).join('\n'));
    assert.equal((await replay([first, second])).status, 0);
    assertNested(backend.spans);
  });

  it('reads what services compressed on the wire', async () => {
    for (const name of ['wire-gzip', 'wire-bzip2', 't13-wire-gzip']) {
      backend.clear();
      assert.equal((await replay([capturePath(name)])).status, 0, name);
      assert.equal(backend.spans.length, readCapture(name).length / 2, name);
    }
  });

  it('ends with points that have no stop as incomplete spans', async () => {
    const { status, stdout } = await replay([capturePath('t13-py-requests')]);
    assert.equal(status, 0);
    const incomplete = backend.spans.filter(({ attributes }) => 'osprofiler.incomplete' in attributes);
    assert.ok(incomplete.length > 0);
    assert.match(stdout, new RegExp(`^incomplete\\s+${incomplete.length}$`, 'm'));
  });

  it('moves a recording to now, its lengths and distances unchanged', async () => {
    await replay([capturePath(NESTED)]);
    const recorded = backend.spans;
    backend.clear();
    const before = Date.now();
    const { status, stderr } = await replay([capturePath(NESTED), '--shift']);
    const after = Date.now();
    assert.equal(status, 0, stderr);
    const ends = backend.spans.map(({ endTimeUnixNano }) => Number(BigInt(endTimeUnixNano) / 1_000_000n));
    const last = Math.max(...ends);
    assert.ok(before <= last && last <= after);
    const [offset, ...others] = new Set(backend.spans.map((span) => offsetFrom(recorded, span)));
    assert.deepEqual(others, [], 'all are moved alike');
    assert.ok(offset !== undefined && offset > 0n);
  });

  it('makes the same spans each time, byte for byte', async () => {
    const runs: string[] = [];
    for (let count = 0; count < 2; count++) {
      backend.clear();
      await replay([capturePath('py-oddids')]);
      runs.push(JSON.stringify(backend.requests.map(({ body }) => body.toString('utf8'))));
    }
    assert.equal(runs[0], runs[1]);
  });

  it('speaks protobuf, compresses, and sends headers and resource attributes', async () => {
    const headers = ['--headers', 'authorization=Bearer%20abc', '--resource-attributes', 'region=eu'];
    assert.equal((await replay([capturePath(NESTED), ...headers, '--compression', 'gzip'])).status, 0);
    assert.equal(backend.requests[0]?.headers['authorization'], 'Bearer abc');
    assert.equal(backend.requests[0]?.headers['content-encoding'], 'gzip');
    assert.equal(backend.spans[0]?.resource['region'], 'eu');
    backend.clear();
    assert.equal((await replay([capturePath(NESTED), '--protocol', 'http/protobuf'])).status, 0);
    assert.match(backend.requests[0]?.headers['content-type'] ?? '', /protobuf/);
  });

  it('ends with 4 when a line can be no span, says why, and sends the others', async () => {
    const file = await fileOf('bad.ndjson', `${captureText(NESTED)}this is no JSON\n{"event_type": 5}\n`);
    const { status, stdout, stderr } = await replay([file]);
    assert.equal(status, 4);
    assert.match(stdout, /rejected\s+1\s+not-json\n/);
    assert.match(stdout, /rejected\s+1\s+not-a-notification\n/);
    assert.match(stderr, /NOT_ALL_TAKEN/);
    assertNested(backend.spans);
  });

  it('ends with 4 when the backend refuses', async () => {
    backend.otherwise = { kind: 'respond', status: 400, body: 'bad span' };
    const { status, stdout, stderr } = await replay([capturePath(NESTED)]);
    assert.equal(status, 4);
    assert.match(stdout, /rejected\s+10\s+refused-by-backend/);
    assert.match(stderr, /bad span/);
  });

  it('ends with 4 when the backend refuses some spans of those that it took', async () => {
    const body = JSON.stringify({ partialSuccess: { rejectedSpans: '2', errorMessage: 'too old' } });
    backend.otherwise = { kind: 'respond', body };
    const { status, stdout } = await replay([capturePath(NESTED)]);
    assert.equal(status, 4);
    assert.match(stdout, /refused\s+2\n/);
  });

  it('ends with 3 when a recording cannot be read, before anything is sent', async () => {
    const cases = [join(directory, 'none.ndjson'), directory];
    for (const file of cases) {
      const { status, stderr } = await replay([capturePath(NESTED), file]);
      assert.equal(status, 3, stderr);
      assert.match(stderr, /INPUT_UNREADABLE/);
      assert.deepEqual(backend.requests, []);
    }
  });

  it('ends with 3 when a recording is damaged', async () => {
    const whole = gzipSync(captureText(NESTED));
    const file = await fileOf('damaged.gz', whole.subarray(0, whole.length - 20));
    const { status, stderr } = await replay([file]);
    assert.equal(status, 3, stderr);
  });

  it('ends with 2 when settings are wrong, and names every one of them', async () => {
    const { status, stderr } = await replay([
      capturePath(NESTED),
      '--batch-max-size',
      'many',
      '--mask',
      'maybe',
    ]);
    assert.equal(status, 2);
    assert.match(stderr, /CONFIG_INVALID/);
    assert.match(stderr, /--batch-max-size/);
    assert.match(stderr, /--mask/);
    assert.equal((await replay([])).status, 2);
    assert.deepEqual(backend.requests, []);
  });
});

function assertNested(spans: readonly ReceivedSpan[]): void {
  assert.equal(spans.length, NESTED_SPANS);
  assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, NESTED_SPANS);
  assert.ok(spans.some(({ name, parentSpanId }) => name === 'outer' && parentSpanId === undefined));
}

/** By how much a span was moved; its length has to be what it was. */
function offsetFrom(recorded: readonly ReceivedSpan[], moved: ReceivedSpan): bigint {
  const original = recorded.find(({ spanId }) => spanId === moved.spanId);
  assert.ok(original);
  const offset = BigInt(moved.startTimeUnixNano) - BigInt(original.startTimeUnixNano);
  assert.equal(BigInt(moved.endTimeUnixNano) - BigInt(original.endTimeUnixNano), offset);
  return offset;
}
