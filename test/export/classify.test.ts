import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { describe, it } from 'node:test';
import { classifyNoAnswer, classifyResponse } from '../../src/export/classify.js';
import { classifyGrpc } from '../../src/export/classify-grpc.js';
import { classifyHttp, parseRetryAfter } from '../../src/export/classify-http.js';

const NOW = Date.parse('2026-11-22T07:30:00Z');
const URL = 'http://backend:4318/v1/traces';
const JSON_TYPE = 'application/json';

describe('a success over HTTP', () => {
  it('is accepted when it says so, or nothing', () => {
    for (const body of ['', '{}', '{"partialSuccess":null}', '{"partialSuccess":{}}'])
      assert.deepEqual(http(200, body), { kind: 'accepted' }, body);
    assert.deepEqual(http(204, ''), { kind: 'accepted' });
  });

  it('may be partial, however the count is written', () => {
    for (const rejectedSpans of [3, '3', 3n])
      assert.deepEqual(classifyResponse({ partialSuccess: { rejectedSpans, errorMessage: 'too old' } }), {
        kind: 'accepted',
        refused: 3,
        message: 'too old',
      });
    const body = JSON.stringify({
      partialSuccess: { rejectedSpans: '2', errorMessage: 'x'.repeat(200_000) },
    });
    const outcome = http(200, body);
    assert.ok(outcome.kind === 'accepted' && outcome.refused === 2);
  });

  it('may come with a warning', () => {
    const warned = http(200, '{"partialSuccess":{"rejectedSpans":"0","errorMessage":"deprecated"}}');
    assert.deepEqual(warned, { kind: 'accepted', message: 'deprecated' });
  });

  it('is accepted with a warning when its body is not OTLP, since sending again would store it twice', () => {
    for (const body of ['[{"tenantId":1}]', '{"status":"accepted"}', 'null', 'ok', ' ', '{"partial']) {
      const outcome = http(200, body);
      assert.ok(outcome.kind === 'accepted', body);
      assert.match(outcome.message ?? '', /not OTLP: refused spans cannot be counted/);
    }
    const long = classifyHttp({ status: 200, headers: {}, body: Buffer.from('{'), isCut: true }, URL);
    assert.ok(long.kind === 'accepted');
    assert.match(long.message ?? '', /too long to be read/);
  });

  it('is a failure when it is a page for people', () => {
    for (const [type, body] of [
      ['text/html; charset=utf-8', 'log in'],
      [undefined, '<!DOCTYPE html><html>'],
      ['text/plain', '  <html>'],
    ] as const) {
      const outcome = http(200, body, { 'content-type': type });
      assert.ok(outcome.kind === 'retryable');
      assert.match(outcome.reason, /answered 200 with a page for people/);
      assert.match(outcome.hint ?? '', /v1\/traces/);
    }
  });
});

describe('a failure over HTTP', () => {
  it('is permanent only when it says that the batch is at fault', () => {
    for (const status of [400, 413, 422]) assert.equal(http(status, '').kind, 'permanent', String(status));
    for (const status of [301, 401, 403, 404, 405, 408, 411, 415, 429, 431, 500, 501, 502, 503, 504, 599])
      assert.equal(http(status, '').kind, 'retryable', String(status));
  });

  it('with status 400 is no refusal of spans when it is a page or is about the set-up', () => {
    for (const [body, hint] of [
      [
        '<html><center>The plain HTTP request was sent to HTTPS port</center>',
        /begin the endpoint with https/,
      ],
      ['Client sent an HTTP request to an HTTPS server.\n', /begin the endpoint with https/],
      ['<html>Bad Request</html>', /v1\/traces/],
      ['no org id', /X-Scope-OrgID/],
      ["json encoding isn't supported for opentelemetry format", /http\/protobuf/],
    ] as const) {
      const outcome = http(400, body, { 'content-type': 'text/plain' });
      assert.ok(outcome.kind === 'retryable', body);
      assert.match(outcome.hint ?? '', hint);
    }
  });

  it('has a hint for each status that somebody can do something about', () => {
    for (const [status, hint] of [
      [401, /credentials/],
      [403, /credentials/],
      [404, /v1\/traces/],
      [405, /v1\/traces/],
      [407, /proxy/],
      [411, /Content-Length/],
      [413, /--batch-max-size/],
      [415, /http\/protobuf/],
      [429, /--batch-max-size/],
      [431, /headers/],
    ] as const)
      assert.match(hintOf(http(status, '')), hint, String(status));
    const redirect = (location: string) => hintOf(http(308, '', { location }));
    assert.match(redirect('https://backend/v1/traces'), /begin the endpoint with https/);
    assert.match(redirect('http://elsewhere/login'), /redirects to http:\/\/elsewhere\/login/);
  });

  it("has the backend's own words when they are few and text, also those of a google.rpc.Status", () => {
    assert.match(reasonOf(http(401, 'tenant unknown\n')), /answered 401: tenant unknown$/);
    for (const wordy of ['<html>', '\u0000\u0001', 'x'.repeat(301)])
      assert.match(reasonOf(http(403, wordy)), /answered 403$/);
    assert.match(
      reasonOf(http(500, '{"code":9,"message":"TRACE_TOO_LARGE: max size"}')),
      /: TRACE_TOO_LARGE: max size$/,
    );
    const protobuf = { 'content-type': 'application/x-protobuf' };
    // code: 9, message: "big"
    assert.match(
      reasonOf(http(500, Buffer.from([0x08, 9, 0x12, 3, 0x62, 0x69, 0x67]), protobuf)),
      /answered 500: big$/,
    );
  });

  it('says what may be at fault: the size, some spans, or nobody knows', () => {
    const suspectOf = (status: number, body = ''): unknown => {
      const outcome = http(status, body);
      return outcome.kind === 'accepted' ? outcome.kind : outcome.suspect;
    };
    assert.equal(suspectOf(429), 'size');
    assert.equal(suspectOf(413), 'size');
    assert.equal(suspectOf(400), 'spans');
    for (const code of [3, 9, 11, 12])
      assert.equal(suspectOf(500, `{"code":${code},"message":"x"}`), 'spans');
    assert.equal(suspectOf(500), 'unknown');
    assert.equal(suspectOf(500, '{"code":14,"message":"x"}'), 'unknown');
    for (const status of [401, 404, 502, 503, 504]) assert.equal(suspectOf(status), undefined);
  });

  it('says how long the backend wants to be left alone', () => {
    const retryAfterOf = (headers: Record<string, string>, body = ''): unknown => {
      const outcome = http(503, body, headers);
      return outcome.kind === 'retryable' && outcome.retryAfterMs;
    };
    assert.equal(retryAfterOf({ 'retry-after': '7' }), 7_000);
    assert.equal(retryAfterOf({ 'retry-after': 'Sun, 22 Nov 2026 07:31:00 GMT' }), 60_000);
    const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '5.5s' }];
    assert.equal(retryAfterOf({}, JSON.stringify({ code: 14, message: 'busy', details })), 5_500);
  });
});

describe('no answer', () => {
  it('says what broke and what to do', () => {
    const refused = classifyNoAnswer(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }));
    assert.equal(refused.reason, 'nothing listens there (ECONNREFUSED: connect)');
    assert.match(refused.hint ?? '', /start the backend/);
    const late = classifyNoAnswer(
      Object.assign(new Error('no answer within 5 ms'), { code: 'NO_ANSWER_IN_TIME' }),
    );
    assert.match(late.hint ?? '', /--export-timeout/);
    assert.equal(classifyNoAnswer('odd').kind, 'retryable');
  });
});

describe('Retry-After', () => {
  it('is seconds or a date, never before now', () => {
    assert.equal(parseRetryAfter(' 120 ', NOW), 120_000);
    assert.equal(parseRetryAfter('0', NOW), 0);
    assert.equal(parseRetryAfter('Sun, 22 Nov 2026 07:31:00 GMT', NOW), 60_000);
    assert.equal(parseRetryAfter('Sun, 22 Nov 2026 07:00:00 GMT', NOW), 0);
  });

  it('is nothing when it is neither', () => {
    for (const header of [undefined, '', 'soon']) assert.equal(parseRetryAfter(header, NOW), undefined);
  });
});

describe('an answer over gRPC', () => {
  const failed = (code: number, message: string, more: object = {}) =>
    classifyGrpc({ error: Object.assign(new Error(message), { code }), ...more }, URL);

  it('is accepted with status OK, in part or with a warning as over HTTP', () => {
    assert.deepEqual(classifyGrpc({ body: Buffer.alloc(0) }, URL), { kind: 'accepted' });
    // ExportTraceServiceResponse { partial_success { rejected_spans: 2, error_message: "old" } }
    const body = Buffer.from([0x0a, 0x07, 0x08, 0x02, 0x12, 0x03, 0x6f, 0x6c, 0x64]);
    assert.deepEqual(classifyGrpc({ body }, URL), { kind: 'accepted', refused: 2, message: 'old' });
    const other = classifyGrpc({ body: Buffer.from('<html>') }, URL);
    assert.ok(other.kind === 'accepted');
    assert.match(other.message ?? '', /not OTLP/);
  });

  it('is a failure of the set-up when it is not gRPC', () => {
    const message = '8 RESOURCE_EXHAUSTED: Received message larger than max (1752460652 vs 4194305)';
    const outcome = failed(8, message, { contentType: 'text/html' });
    assert.ok(outcome.kind === 'retryable' && outcome.suspect === undefined);
    assert.match(outcome.reason, /text\/html, which is not gRPC/);
  });

  it('is accepted when it is only too long to be read here', () => {
    const outcome = failed(8, '8 RESOURCE_EXHAUSTED: Received message larger than max (5000000 vs 4194305)');
    assert.ok(outcome.kind === 'accepted');
  });

  it('is permanent only when the batch is at fault', () => {
    assert.equal(failed(3, 'bad span').kind, 'permanent');
    assert.equal(failed(8, 'grpc: received message larger than max (5000000 vs. 4194304)').kind, 'permanent');
    assert.equal(failed(8, 'Received message larger than max (5000000 vs 4194304)').kind, 'permanent');
    assert.equal(failed(3, 'no org id').kind, 'retryable');
    for (const code of [1, 2, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 16])
      assert.equal(failed(code, 'x').kind, 'retryable', String(code));
  });

  it('says what may be at fault and how long the backend wants to be left alone', () => {
    const suspects = [8, 9, 11, 12, 2, 13, 14].map((code) => {
      const outcome = failed(code, 'x');
      return outcome.kind === 'accepted' ? outcome.kind : outcome.suspect;
    });
    assert.deepEqual(suspects, ['size', 'spans', 'spans', 'spans', 'unknown', 'unknown', undefined]);
    const type = Buffer.from('type.googleapis.com/google.rpc.RetryInfo');
    const info = Buffer.from([0x0a, 2, 0x08, 5]);
    const any = Buffer.concat([
      Buffer.from([0x0a, type.length]),
      type,
      Buffer.from([0x12, info.length]),
      info,
    ]);
    const details = Buffer.concat([Buffer.from([0x08, 8, 0x1a, any.length]), any]);
    const outcome = failed(8, 'rate limited', { details });
    assert.ok(outcome.kind === 'retryable' && outcome.retryAfterMs === 5_000);
  });
});

type Outcome = ReturnType<typeof classifyHttp>;

function http(
  status: number,
  body: string | Buffer,
  headers: IncomingHttpHeaders = { 'content-type': JSON_TYPE },
): Outcome {
  return classifyHttp({ status, headers, body: Buffer.from(body as string), isCut: false }, URL, NOW);
}

function hintOf(outcome: Outcome): string {
  return outcome.kind === 'accepted' ? '' : (outcome.hint ?? '');
}

function reasonOf(outcome: Outcome): string {
  return outcome.kind === 'accepted' ? '' : outcome.reason;
}
