/** The forms in which people have notifications; see src/recordings/forms.ts. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, describe, it } from 'node:test';
import { BridgeError } from '../../src/errors.js';
import { RecordingReceiver } from '../../src/recordings/recording.js';
import { payload } from '../support/notifications.js';
import { RememberingHandler, RememberingLog } from '../support/receiving.js';

const START = payload();
const STOP = payload({ name: 'work-stop', timestamp: '2026-11-22T07:29:40.000000', info: { text: 'é"\\n' } });
const BODIES = [START, STOP].map((each) => JSON.stringify(each));

async function read(input: string): Promise<RememberingHandler> {
  const handler = new RememberingHandler((delivery) => void delivery.acknowledge());
  const stdin = Readable.from([Buffer.from(input)]);
  await new RecordingReceiver({ files: ['-'], stdin, log: new RememberingLog() }).run(handler);
  return handler;
}

const bodiesOf = async (input: string) => (await read(input)).bodies;

/** One line, and printed with an indent. */
const printed = (value: unknown) => [JSON.stringify(value), JSON.stringify(value, null, 2)];

describe('notifications are read', () => {
  it('from a list of them, of texts, or of records, on one line or many', async () => {
    const records = BODIES.map((body) => ({ exchange: 'nova', body }));
    for (const list of [[START, STOP], BODIES, records]) {
      for (const input of printed(list)) assert.deepEqual(await bodiesOf(input), BODIES);
    }
  });

  it('from a document with an indent, byte for byte', async () => {
    const indented = '{\n  "name": "a-start",\n  "big": 1180591620717411303424,\n  "nan": NaN\n}';
    assert.deepEqual(await bodiesOf(`${indented}\n`), [indented]);
  });

  it('with the numbers that Python writes, from a list', async () => {
    assert.deepEqual(await bodiesOf('[{"big": 1180591620717411303424, "nan": NaN, "f": 1.5}]'), [
      '{"big":1180591620717411303424,"nan":NaN,"f":1.5}',
    ]);
  });

  it('from an answer of Elasticsearch, and from lines with _source', async () => {
    const hits = [START, STOP].map((source, index) => ({
      _index: 'osprofiler',
      _id: `${index}`,
      _source: source,
    }));
    const answer = { took: 5, timed_out: false, hits: { total: { value: 2 }, hits } };
    for (const input of printed(answer)) assert.deepEqual(await bodiesOf(input), BODIES);
    assert.deepEqual(await bodiesOf(hits.map((hit) => JSON.stringify(hit)).join('\n')), BODIES);
  });

  it('from what rabbitmqadmin get prints, with what it knows of each message', async () => {
    const base = { payload_bytes: 1, redelivered: true, exchange: 'nova', routing_key: 'profiler.info' };
    const properties = {
      priority: 0,
      headers: { a: 1 },
      content_encoding: 'utf-8',
      content_type: 'application/json',
    };
    const messages = [
      { ...base, message_count: 1, properties, payload: BODIES[0], payload_encoding: 'string' },
      {
        ...base,
        message_count: 0,
        properties: [],
        payload: Buffer.from(BODIES[1]!).toString('base64'),
        payload_encoding: 'base64',
      },
    ];
    for (const input of printed(messages)) {
      const { deliveries, bodies } = await read(input);
      assert.deepEqual(bodies, BODIES);
      const [first] = deliveries;
      assert.deepEqual(
        [first?.exchange, first?.routingKey, first?.redelivered, first?.properties],
        [
          'nova',
          'profiler.info',
          true,
          { contentType: 'application/json', contentEncoding: 'utf-8', headers: { a: 1 } },
        ],
      );
    }
  });

  it('from redis-cli, with its numbers, quotes and escapes', async () => {
    const quoted = (body: string) =>
      Buffer.from(body)
        .toString('latin1')
        .replace(/["\\]/g, '\\$&')
        .replace(/[\x80-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`);
    const lines = BODIES.map((body, index) => `${index + 1}) "${quoted(body)}"`);
    assert.deepEqual(await bodiesOf(lines.join('\n')), BODIES);
    assert.deepEqual(await bodiesOf(` 10) 1) "a\\tb"\n7`), ['a\tb', '7']);
  });

  it('from the HTML report of osprofiler', async () => {
    const raw = { 'meta.raw_payload.work-stop': STOP, 'meta.raw_payload.work-start': START };
    const report = { info: { name: 'total' }, children: [{ info: raw, children: [] }], stats: {} };
    const data = JSON.stringify(report, null, 4);
    const page = `<!doctype html>\n<html ng-app="app">\n<script>\n    var OSProfilerData = ${data};\n</script>\n`;
    assert.deepEqual(await bodiesOf(page), BODIES);
  });
});

describe('what is no recording is named, with what to do', () => {
  const directory = mkdtempSync(join(tmpdir(), 'forms-'));
  after(() => rmSync(directory, { recursive: true }));

  for (const [name, content, message, hint] of [
    ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0]), /is compressed with zstd/, /^zstd -dc/],
    ['bzip2', Buffer.from('BZh91AY'), /is compressed with bzip2/, /^bzip2 -dc/],
    ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), /is compressed with xz/, /^xz -dc/],
    ['zip', Buffer.from('PK\x03\x04....'), /is a zip file/, /^unzip -p/],
    ['sqlite', Buffer.from('SQLite format 3\0'), /is an SQLite database/, /as JSON/],
    ['dot', Buffer.from('digraph {\n'), /is a graph in the DOT language/, /--json/],
    ['page', Buffer.from('<html>\n</html>\n'), /an HTML page without the data of osprofiler/, /--json/],
    ['otlp', Buffer.from('{\n"resourceSpans": []\n}'), /OTLP spans already/, /to the backend/],
    ['jaeger', Buffer.from('{\n"data": [{"traceID": "1"}]\n}'), /that Jaeger exported/, /Upload/],
  ] as const) {
    it(`as it is with ${name}`, async () => {
      const file = join(directory, name);
      writeFileSync(file, content);
      const receiver = new RecordingReceiver({ files: [file] });
      await assert.rejects(receiver.run(new RememberingHandler(() => {})), (error) => {
        assert.ok(error instanceof BridgeError && error.code === 'INPUT_UNREADABLE');
        assert.match(error.message, message);
        assert.match(error.hint ?? '', hint);
        return true;
      });
    });
  }
});
