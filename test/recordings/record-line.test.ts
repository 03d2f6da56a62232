import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readLine as readLines } from '../../src/recordings/forms.js';
import {
  formatRecord,
  type ReadMessage,
  type RecordedMessage,
  timestampWithin,
} from '../../src/recordings/record-line.js';

const RECEIVED_AT = new Date('2026-01-02T03:04:05.678Z');
const PAYLOAD =
  '{"name": "db-start", "base_id": 1180591620717411303424, "timestamp": "2026-11-22T07:33:11.286453", "info": {"x": NaN}}';

function readLine(line: Buffer): ReadMessage {
  const [message, ...others] = readLines(line);
  assert.ok(message);
  assert.deepEqual(others, []);
  return message;
}

function message(body: Buffer, headers?: Record<string, unknown>): RecordedMessage {
  const properties = { contentType: 'application/json', contentEncoding: 'utf-8', headers };
  return { exchange: 'nova', routingKey: 'profiler.info', redelivered: true, properties, body };
}

describe('a record', () => {
  it('is one line of JSON with text as text', () => {
    const line = formatRecord(message(Buffer.from('{"é": "日\\n\u2028"}\n'), { a: 1 }), RECEIVED_AT);
    assert.deepEqual(JSON.parse(line), {
      exchange: 'nova',
      routing_key: 'profiler.info',
      redelivered: true,
      properties: { content_type: 'application/json', content_encoding: 'utf-8', headers: { a: 1 } },
      body: '{"é": "日\\n\u2028"}\n',
      received_at: '2026-01-02T03:04:05.678Z',
    });
    assert.equal(line.includes('\n'), false);
  });

  it('has what is compressed or no UTF-8 in base64', () => {
    for (const [body, headers] of [
      [Buffer.from([0xff, 0xfe]), {}],
      [Buffer.from('x'), { compression: 'application/x-gzip' }],
    ] as const) {
      const record = JSON.parse(formatRecord(message(body, headers), RECEIVED_AT)) as Record<string, unknown>;
      assert.equal(record['body_base64'], body.toString('base64'));
      assert.equal('body' in record, false);
    }
  });

  it('survives headers with integers that JSON does not have', () => {
    const line = formatRecord(message(Buffer.from('x'), { n: 2n ** 63n }), RECEIVED_AT);
    assert.deepEqual(readLine(Buffer.from(line)).properties.headers, { n: '9223372036854775808' });
  });

  it('is read as it was written', () => {
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      fc.string({ unit: 'binary', maxLength: 40 }).map((text) => Buffer.from(text)),
      fc.json().map((text) => Buffer.from(text)),
    );
    const text = fc.string({ unit: 'grapheme', maxLength: 12 });
    const headers = fc.dictionary(
      fc.oneof(text, fc.constant('compression')),
      fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), fc.array(text, { maxLength: 3 })),
      { maxKeys: 4, noNullPrototype: true },
    );
    const time = fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') });
    fc.assert(
      fc.property(
        text,
        text,
        fc.boolean(),
        text,
        headers,
        body,
        time,
        (exchange, key, redelivered, type, table, bytes, at) => {
          const properties = { contentType: type, contentEncoding: undefined, headers: table };
          const written = { exchange, routingKey: key, redelivered, properties, body: bytes };
          const line = formatRecord(written, at);
          assert.equal(line.includes('\n'), false);
          assert.deepEqual(readLine(Buffer.from(line)), { ...written, receivedAt: at.getTime() });
        },
      ),
      { seed: 12, numRuns: 300 },
    );
  });

  it('may lack all but its body', () => {
    assert.deepEqual(readLine(Buffer.from('{"body": "x"}')), {
      exchange: '',
      routingKey: '',
      redelivered: false,
      properties: {},
      body: Buffer.from('x'),
    });
  });

  it('is received to the microsecond', () => {
    const read = readLine(Buffer.from('{"body": "x", "received_at": "2026-11-22T07:24:02.633177Z"}'));
    assert.equal(read.receivedAt, Date.UTC(2026, 10, 22, 7, 24, 2) + 633.177);
    for (const wrong of ['"soon"', '7', '"2026-13-45T99:00:00Z"', 'null']) {
      assert.equal(readLine(Buffer.from(`{"body": "x", "received_at": ${wrong}}`)).receivedAt, undefined);
    }
  });
});

describe('a line that is no record', () => {
  it('is a body, byte for byte', () => {
    for (const line of [
      PAYLOAD,
      `{"message_id": "1", "event_type": "profiler.nova", "payload": ${PAYLOAD}, "body": "mine"}`,
      '{"event_type": "x", "body": "mine"}',
      '{"oslo.version": "2.0", "oslo.message": "{\\"body\\": 1}"}',
      '{"name": "a-start", "info": {"body": "x"}}',
      '{"body": NaN}',
      '{"body": 5}',
      '["body"]',
      'no JSON, "body": but close',
      '"body"',
    ]) {
      const read = readLine(Buffer.from(line));
      assert.equal(read.body.toString(), line);
      assert.equal(read.properties.contentType, 'application/json', line);
      assert.equal(read.receivedAt, undefined);
    }
    assert.deepEqual(readLine(Buffer.from([0xff, 0x00])).body, Buffer.from([0xff, 0x00]));
  });

  it('is a copy', () => {
    const line = Buffer.from('bare');
    const { body } = readLine(line);
    line.fill(0);
    assert.equal(body.toString(), 'bare');
  });
});

describe('the timestamp within a body', () => {
  it('is the first, at whatever depth', () => {
    const expected = Date.UTC(2026, 10, 22, 7, 33, 11) + 286.453;
    const oslo1 = `{"event_type": "e", "payload": ${PAYLOAD}, "timestamp": "2026-11-22 08:00:00.1"}`;
    const oslo2 = JSON.stringify({ 'oslo.version': '2.0', 'oslo.message': oslo1 });
    for (const body of [PAYLOAD, oslo1, oslo2]) {
      assert.equal(timestampWithin(Buffer.from(body)), expected);
    }
    assert.equal(
      timestampWithin(Buffer.from('{"timestamp": "2026-11-22 08:00:00"}')),
      Date.UTC(2026, 10, 22, 8),
    );
  });

  it('may be missing', () => {
    for (const body of ['', '{"timestamp": 5}', '{"time": "2026-11-22T08:00:00"}']) {
      assert.equal(timestampWithin(Buffer.from(body)), undefined);
    }
  });
});
