import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatPythonJson } from '../../src/python-json/format.js';
import { type PyObject, parsePythonJson } from '../../src/python-json/parse.js';
import { readDocument } from '../../src/recordings/forms.js';
import type { ReadMessage } from '../../src/recordings/record-line.js';
import { BASE_ID, payload, TRACE_ID } from '../support/notifications.js';

function node(info: PyObject, more: PyObject = {}): PyObject {
  const plain = { name: 'work', project: 'nova', service: 'api', host: 'ctl-01', started: 0, finished: 2 };
  return { info: { ...plain, ...info }, trace_id: TRACE_ID, parent_id: BASE_ID, children: [], ...more };
}

function reportOf(...children: PyObject[]): string {
  return formatPythonJson({ info: { name: 'total', started: 0 }, children, stats: {} });
}

function messages(report: string): ReadMessage[] {
  const read = readDocument(Buffer.from(report));
  assert.ok(!('problem' in read));
  return [...read];
}

function texts(report: string): string[] {
  return messages(report).map(({ body }) => body.toString());
}

function payloads(report: string): PyObject[] {
  return texts(report).map((text) => {
    const parsed = parsePythonJson(text);
    assert.ok(parsed.ok);
    return parsed.value as PyObject;
  });
}

/** Names and times of what a report is read as. */
function outline(report: string): string[] {
  return payloads(report).map(({ name, timestamp }) => `${name} ${timestamp}`);
}

describe('a report with payloads', () => {
  it('is read as these payloads, by time, as Python wrote them', () => {
    const start = payload({ info: { host: 'h', huge: 2n ** 80n, nan: Number.NaN, tiny: -0 } });
    const stop = payload({ name: 'work-stop', timestamp: '2026-11-22T07:29:40.000001' });
    const inner = payload({ name: 'db-start', trace_id: 'inner', timestamp: '2026-11-22T07:29:39.950000' });
    const child = node({ 'meta.raw_payload.db-start': inner }, { trace_id: 'inner', parent_id: TRACE_ID });
    const report = reportOf(
      node(
        { 'meta.raw_payload.work-stop': stop, 'meta.raw_payload.work-start': start },
        { children: [child] },
      ),
    );
    assert.deepEqual(texts(report), [start, inner, stop].map(formatPythonJson));
  });

  it('keeps values that kombu tagged as they are', () => {
    const tagged = payload({ info: { host: 'h', at: { __type__: 'date', __value__: '2026-11-22' } } });
    assert.deepEqual(texts(reportOf(node({ 'meta.raw_payload.work-start': tagged }))), [
      formatPythonJson(tagged),
    ]);
  });

  it('says when each was, in milliseconds', () => {
    assert.deepEqual(
      messages(reportOf(node({ 'meta.raw_payload.work-start': payload() }))).map(
        ({ receivedAt }) => receivedAt,
      ),
      [Date.parse('2026-11-22T07:29:39.892Z') + 0.094],
    );
  });

  it('gives both payloads of a point whose start and stop have different names', () => {
    const start = payload({ name: 'rpc-start' });
    const stop = payload({ name: 'http-stop', timestamp: '2026-11-22T07:29:40.000001' });
    const report = reportOf(
      node({ 'meta.raw_payload.rpc-start': start, 'meta.raw_payload.http-stop': stop }),
    );
    assert.deepEqual(payloads(report), [start, stop]);
  });

  it('counts times that are missing from the payloads that have one', () => {
    const report = reportOf(
      node({ 'meta.raw_payload.a-start': null, finished: 7, 'meta.raw_payload.a-stop': null }),
      node({ started: 3, 'meta.raw_payload.b-start': payload({ timestamp: '2026-11-22T07:29:39.892994' }) }),
      node({ started: 2, 'meta.raw_payload.c-start': payload({ timestamp: '2026-11-22T07:29:39.891304' }) }),
    );
    assert.deepEqual(outline(report), [
      'a-start 2026-11-22T07:29:39.889304',
      'work-start 2026-11-22T07:29:39.891304',
      'work-start 2026-11-22T07:29:39.892994',
      'a-stop 2026-11-22T07:29:39.896304',
    ]);
  });

  it("completes a payload that lacks identity from the report, as the SQL driver's do", () => {
    const info = { host: 'own', function: { name: 'f' } };
    const report = reportOf(node({ started: 5, 'meta.raw_payload.a-b-start': { info }, host: 'ctl-02' }));
    assert.deepEqual(payloads(report), [
      {
        name: 'a-b-start',
        base_id: BASE_ID,
        trace_id: TRACE_ID,
        parent_id: BASE_ID,
        timestamp: '1970-01-01T00:00:00.005000',
        project: 'nova',
        service: 'api',
        info,
      },
    ]);
  });

  it('takes the trace from a payload when one tells', () => {
    const orphan = node({ 'meta.raw_payload.x-stop': null }, { parent_id: 'lost' });
    const report = reportOf(
      orphan,
      node({ 'meta.raw_payload.work-start': payload({ base_id: 12n ** 40n }) }),
    );
    assert.deepEqual(
      payloads(report).map((each) => each['base_id']),
      [12n ** 40n, 12n ** 40n],
    );
  });
});

describe('a report without payloads', () => {
  const bare = { project: 'nova', service: 'api', base_id: BASE_ID, trace_id: TRACE_ID, parent_id: BASE_ID };

  it('is read as what remains of them, counted from 1970', () => {
    const child = node(
      { started: 1, finished: 1, exception: 'None' },
      { trace_id: 'c', parent_id: TRACE_ID },
    );
    const report = reportOf(node({ exception: 'nova.exception.NotFound' }, { children: [child] }));
    const inner = { ...bare, trace_id: 'c', parent_id: TRACE_ID, info: { host: 'ctl-01' } };
    assert.deepEqual(payloads(report), [
      { ...bare, name: 'work-start', timestamp: '1970-01-01T00:00:00.000000', info: { host: 'ctl-01' } },
      { ...inner, name: 'work-start', timestamp: '1970-01-01T00:00:00.001000' },
      { ...inner, name: 'work-stop', timestamp: '1970-01-01T00:00:00.001000' },
      {
        ...bare,
        name: 'work-stop',
        timestamp: '1970-01-01T00:00:00.002000',
        info: { host: 'ctl-01', etype: 'nova.exception.NotFound' },
      },
    ]);
  });

  it('has no half of which there is neither a time nor a name', () => {
    const { started: _started, ...stopOnly } = node({})['info'] as PyObject;
    const { finished: _finished, ...startOnly } = node({})['info'] as PyObject;
    assert.deepEqual(outline(reportOf({ ...node({}), info: stopOnly })), [
      'work-stop 1970-01-01T00:00:00.002000',
    ]);
    assert.deepEqual(outline(reportOf({ ...node({}), info: startOnly })), [
      'work-start 1970-01-01T00:00:00.000000',
    ]);
  });

  it('knows a start or stop that never came by its missing key, although osprofiler gives both times', () => {
    assert.deepEqual(outline(reportOf(node({ started: 2, 'meta.raw_payload.with-dash-stop': null }))), [
      'with-dash-stop 1970-01-01T00:00:00.002000',
    ]);
  });

  it('leaves out what is not known or cannot be', () => {
    const report = reportOf(
      { info: { name: 'work', started: -5, host: null } },
      { info: 7 },
      { children: 'x' },
    );
    assert.deepEqual(payloads(report), [{ name: 'work-start', info: {} }]);
  });
});

describe('a text', () => {
  it('that is no JSON is told so', () => {
    for (const text of ['', '{"info": {}, "children": [}', '{"children": [01]}', '{} {}']) {
      const read = readDocument(Buffer.from(text));
      assert.ok('problem' in read && read.problem !== '', text);
    }
  });

  it('without children, or none that osprofiler would show, has no payloads', () => {
    for (const text of ['{"info": {}, "children": []}', '{"info": {}, "children": [1, null, []]}']) {
      assert.deepEqual(texts(text), [], text);
    }
  });

  it('may be nested as deeply as Python can write it, and no deeper', () => {
    const nested = (points: number, leaf: string) =>
      `${'{"info": {}, "children": ['.repeat(points)}${leaf}${']}'.repeat(points)}`;
    const leaf = formatPythonJson(node({ started: 0 }));
    assert.deepEqual(texts(nested(490, leaf)).length, 2);
    for (const number of ['1', '12345678901234567890']) {
      const read = readDocument(Buffer.from(nested(5000, `{"x": ${number}}`)));
      assert.deepEqual(read, { problem: 'nested deeper than 1000' });
    }
  });

  it('may be as wide as memory allows', () => {
    const many = Array.from({ length: 150_000 }, () => '{"info":{"name":"x","started":1}}').join(',');
    assert.equal(texts(`{"info": {}, "children": [{"children": [${many}]}]}`).length, 150_000);
  });
});
