import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judgeGrpcFailure } from '../../src/export/grpc-outcome.js';
import { judgeFailure, judgeSuccess, parseRetryAfter, type TraceResponse } from '../../src/export/outcome.js';

const NOW = Date.parse('2026-11-22T07:30:00Z');
const HTML = '<html>log in</html>';

describe("a backend's success", () => {
  it('is one when it says so, or nothing', () => {
    assert.deepEqual(success({}), { kind: 'accepted' });
    assert.deepEqual(success({ partialSuccess: null }), { kind: 'accepted' });
    assert.deepEqual(success({ partialSuccess: {} }), { kind: 'accepted' });
    assert.deepEqual(judgeSuccess({ status: 200, body: Buffer.alloc(0) }, fail), { kind: 'accepted' });
  });

  it('may be partial, however the count is written', () => {
    for (const rejectedSpans of [3, '3', 3n]) {
      assert.deepEqual(success({ partialSuccess: { rejectedSpans, errorMessage: 'too old' } }), {
        kind: 'accepted',
        refused: 3,
        message: 'too old',
      });
    }
  });

  it('may come with a warning', () => {
    const warned = success({ partialSuccess: { rejectedSpans: '0', errorMessage: 'deprecated' } });
    assert.deepEqual(warned, { kind: 'accepted', message: 'deprecated' });
  });

  it('is none when the answer is no OTLP: a login page, half an answer', () => {
    const page = judgeSuccess({ status: 200, contentType: 'text/html', body: Buffer.from(HTML) }, fail);
    assert.ok(page.kind === 'retryable');
    assert.match(page.reason, /answered 200 with text\/html/);
    const cut = judgeSuccess({ status: 200, contentType: 'application/json' }, fail);
    assert.ok(cut.kind === 'retryable');
  });
});

describe("a backend's failure", () => {
  it('is permanent when the batch is at fault', () => {
    for (const status of [400, 413, 422]) {
      assert.equal(judgeFailure({ status }, undefined, NOW).kind, 'permanent', String(status));
    }
  });

  it('may pass, or be put right, otherwise', () => {
    for (const status of [301, 401, 403, 404, 405, 408, 429, 500, 501, 502, 503, 504, 599]) {
      assert.equal(judgeFailure({ status }, undefined, NOW).kind, 'retryable', String(status));
    }
  });

  it('is told in its own words when they are few and text', () => {
    const body = Buffer.from('tenant unknown\n');
    assert.match(reason({ status: 401, body }), /answered 401: tenant unknown$/);
    for (const wordy of [HTML, '\u0000\u0001', 'x'.repeat(301)]) {
      assert.match(reason({ status: 401, body: Buffer.from(wordy) }), /answered 401$/);
    }
  });

  it('without an answer says what broke', () => {
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    const outcome = judgeFailure({}, refused, NOW);
    assert.equal(outcome.kind, 'retryable');
    assert.equal(outcome.reason, 'nothing listens there (ECONNREFUSED: connect)');
    assert.match(outcome.hint ?? '', /start the backend/);
    assert.equal(judgeFailure({}, 'odd', NOW).kind, 'retryable');
  });

  it('passes on how long the backend wants to be left alone', () => {
    const outcome = judgeFailure({ status: 429, retryAfter: '7' }, undefined, NOW);
    assert.ok(outcome.kind === 'retryable' && outcome.retryAfterMs === 7_000);
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

describe('a gRPC failure', () => {
  it('is permanent only when the batch is at fault', () => {
    assert.equal(judgeGrpcFailure(status(3, 'bad span')).kind, 'permanent');
    assert.equal(judgeGrpcFailure(status(8, 'Received message larger than max (5 vs. 4)')).kind, 'permanent');
    assert.equal(judgeGrpcFailure(status(8, 'quota')).kind, 'retryable');
    for (const code of [1, 2, 4, 5, 7, 10, 12, 14, 16]) {
      assert.equal(judgeGrpcFailure(status(code, 'x')).kind, 'retryable', String(code));
    }
    assert.equal(judgeGrpcFailure(undefined).kind, 'retryable');
  });
});

function success(response: TraceResponse) {
  return judgeSuccess(
    { status: 200, contentType: 'application/json', body: Buffer.from('…') },
    () => response,
  );
}

function fail(): never {
  throw new SyntaxError('no OTLP');
}

function reason(exchange: { status: number; body: Buffer }): string {
  const outcome = judgeFailure(exchange, undefined, NOW);
  assert.ok(outcome.kind === 'retryable');
  return outcome.reason;
}

function status(code: number, message: string): Error {
  return Object.assign(new Error(message), { code });
}
