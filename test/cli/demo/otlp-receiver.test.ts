import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { OtlpReceiver } from '../../../src/cli/demo/otlp-receiver.js';
import { readRequest } from '../../../src/trace-view/otlp.js';

const SPAN = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  parentSpanId: '00f067aa0ba902b7',
  name: 'SELECT instances',
  kind: 3,
  startTimeUnixNano: '1700000000000001000',
  endTimeUnixNano: '1700000000000412999',
  attributes: [
    { key: 'db.system.name', value: { stringValue: 'other_sql' } },
    { key: 'db.query.text', value: { stringValue: 'SELECT 1' } },
    { key: 'error.type', value: { stringValue: 'sqlalchemy.exc.DBError' } },
    { key: 'osprofiler.incomplete', value: { stringValue: 'stop missing' } },
    { key: 'server.port', value: { intValue: 3306 } },
  ],
  status: { code: 2, message: 'gone' },
};

const READ = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  parentSpanId: '00f067aa0ba902b7',
  name: 'SELECT instances',
  service: 'nova-conductor',
  kind: 'client',
  startMicros: 1_700_000_000_000_001,
  endMicros: 1_700_000_000_000_412,
  statement: 'SELECT 1',
  incomplete: 'stop missing',
  error: { type: 'sqlalchemy.exc.DBError', message: 'gone' },
  attributes: {
    'db.system.name': 'other_sql',
    'db.query.text': 'SELECT 1',
    'error.type': 'sqlalchemy.exc.DBError',
    'osprofiler.incomplete': 'stop missing',
    'server.port': 3306,
  },
  events: [],
  resource: { 'service.name': 'nova-conductor' },
};

function request(...spans: unknown[]): Record<string, unknown> {
  const attributes = [{ key: 'service.name', value: { stringValue: 'nova-conductor' } }];
  return { resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans }] }] };
}

describe('readRequest', () => {
  it('reads what the demo shows', () => {
    assert.deepEqual(readRequest(request(SPAN)), [READ]);
  });

  it('reads a span without anything that may be absent', () => {
    const { spanId, startTimeUnixNano } = SPAN;
    assert.deepEqual(readRequest(request({ spanId, startTimeUnixNano, endTimeUnixNano: 0 })), [
      {
        traceId: '',
        spanId,
        name: '',
        service: 'nova-conductor',
        kind: 'internal',
        startMicros: 1_700_000_000_000_001,
        endMicros: 1_700_000_000_000_001,
        attributes: {},
        events: [],
        resource: { 'service.name': 'nova-conductor' },
      },
    ]);
  });

  it('says when something is no request for traces', () => {
    const wrong = [null, 1, [], request({ ...SPAN, spanId: '' }), request({ ...SPAN, endTimeUnixNano: 'x' })];
    for (const value of wrong) assert.equal(readRequest(value), undefined);
    assert.deepEqual(readRequest({}), []);
  });
});

describe('OtlpReceiver', () => {
  let receiver: OtlpReceiver;
  let url: string;
  before(async () => {
    receiver = new OtlpReceiver();
    url = await receiver.listen();
  });
  beforeEach(() => void receiver.spans.splice(0));
  after(() => receiver.close());

  async function post(
    body: string | Buffer,
    headers: Record<string, string> = {},
  ): Promise<[number, unknown]> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: new Uint8Array(Buffer.from(body)),
    });
    return [response.status, await response.json()];
  }

  it('takes traces and answers as OTLP wants it', async () => {
    assert.deepEqual(await post(JSON.stringify(request(SPAN))), [200, {}]);
    assert.deepEqual(receiver.spans, [READ]);
  });

  it('takes compressed traces', async () => {
    const body = gzipSync(JSON.stringify(request(SPAN, SPAN)));
    assert.deepEqual(await post(body, { 'content-encoding': 'gzip' }), [200, {}]);
    assert.equal(receiver.spans.length, 2);
  });

  it('refuses what it cannot read, and keeps nothing of it', async () => {
    assert.equal((await post('{'))[0], 400);
    assert.equal((await post('[]'))[0], 400);
    assert.equal((await post('{}', { 'content-encoding': 'gzip' }))[0], 400);
    assert.equal((await post('{}', { 'content-encoding': 'br' }))[0], 400);
    assert.equal((await post('x', { 'content-type': 'application/x-protobuf' }))[0], 415);
    assert.equal((await fetch(url)).status, 405);
    assert.equal((await fetch(new URL('/', url))).status, 404);
    assert.deepEqual(receiver.spans, []);
  });

  it('refuses more than it would keep, compressed or not', async () => {
    const zeros = Buffer.alloc(21 * 1024 * 1024, ' ');
    assert.equal((await post(gzipSync(zeros), { 'content-encoding': 'gzip' }))[0], 400);
    assert.equal((await post(zeros).catch(() => [413]))[0], 413);
  });
});
