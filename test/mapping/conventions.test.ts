/** Of the families of trace points what no recording shows; what recordings show is in golden.test.ts. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { MappingOptions } from '../../src/mapping/options.js';
import { SpanMapper } from '../../src/mapping/span.js';
import type { PyObject } from '../../src/python-json/parse.js';
import { captureNames } from '../support/captures.js';
import { start, stop } from '../support/notifications.js';
import { notificationsOf, spansIn, translate } from '../support/translating.js';

const ALWAYS = /^osprofiler\.(?:base_id|trace_id|parent_id|name|project|service)$/;

function map(
  begun: PyObject,
  ended: PyObject = {},
  { name = 'work', ...options }: Partial<MappingOptions> & { name?: string } = {},
): ReadableSpan {
  const halves = { start: start({ name, info: begun }), stop: stop({ name, info: ended }) };
  return new SpanMapper(options).toSpan(halves);
}

/** The attributes that not every span has. */
function attributesOf(span: ReadableSpan): Record<string, unknown> {
  return Object.fromEntries(Object.entries(span.attributes).filter(([key]) => !ALWAYS.test(key)));
}

describe('HTTP points', () => {
  const request = { method: 'GET', path: '/v3', query: '', scheme: 'http' };
  const requests = { ...request, hostname: 'ctl', port: 5000 };

  it('with an unknown method are called HTTP and keep it beside', () => {
    const span = map({ request: { ...request, method: 'BREW' } });
    assert.equal(span.name, 'HTTP /v3');
    assert.equal(span.attributes['http.request.method'], '_OTHER');
    assert.equal(span.attributes['http.request.method_original'], 'BREW');
  });

  it('are called by their method alone when no path is known', () => {
    assert.equal(map({ request: { ...request, path: '' } }).name, 'GET');
    assert.equal(map({ request: {} }).name, 'HTTP');
    assert.equal(map({ request: { ...request, path: '/' } }).name, 'GET /');
  });

  it('mask secrets in the query and in the full URL', () => {
    const query = 'limit=1&token=s3cr3t&X-Amz-Signature=abc';
    const { attributes } = map({ requests: { ...requests, query } });
    const masked = 'limit=1&token=***&X-Amz-Signature=***';
    assert.equal(attributes['url.query'], masked);
    assert.equal(attributes['url.full'], `http://ctl:5000/v3?${masked}`);
  });

  it('leave the port out of the URL when it is the default one, and put IPv6 addresses in brackets', () => {
    const urlOf = (changes: PyObject) =>
      map({ requests: { ...requests, ...changes } }).attributes['url.full'];
    assert.equal(urlOf({ port: 80 }), 'http://ctl/v3');
    assert.equal(urlOf({ port: 443, scheme: 'https' }), 'https://ctl/v3');
    assert.equal(urlOf({ hostname: 'fd00::1' }), 'http://[fd00::1]:5000/v3');
    assert.equal(urlOf({ hostname: '' }), undefined);
  });

  it('of a client are errors from 400 on, with the exception as the type where there is one', () => {
    const answered = (status: number, more: PyObject = {}) =>
      map({ requests }, { requests: { status_code: status }, ...more });
    assert.equal(answered(399).status.code, SpanStatusCode.UNSET);
    assert.equal(answered(400).status.code, SpanStatusCode.ERROR);
    assert.equal(answered(503).attributes['error.type'], '503');
    assert.equal(answered(503, { etype: 'E' }).attributes['error.type'], 'E');
  });

  it('keep fields of an unexpected type as leaves', () => {
    const attributes = attributesOf(map({ requests: { ...requests, port: null, method: 7, via: 'proxy' } }));
    assert.equal(attributes['osprofiler.info.requests.port'], 'null');
    assert.equal(attributes['osprofiler.info.requests.method'], 7);
    assert.equal(attributes['osprofiler.info.requests.via'], 'proxy');
    assert.equal(attributes['http.request.method'], undefined);
  });
});

describe('SQL points', () => {
  it('take the name of the database system that the settings say', () => {
    const span = map({ db: { statement: 'SELECT 1' } }, {}, { dbSystem: 'mysql' });
    assert.equal(span.attributes['db.system.name'], 'mysql');
  });

  it('are called by their point when there is no statement', () => {
    const span = map({ db: {} }, {}, { name: 'neutron.db' });
    assert.deepEqual([span.name, span.kind], ['neutron.db', SpanKind.CLIENT]);
    assert.equal(span.attributes['db.query.text'], undefined);
  });

  it('mask parameters by their key, and by the column that they are for', () => {
    const statement = 'UPDATE user SET password_hash=%(param_1)s, name=%(n)s WHERE id = %(id)s';
    const params = { param_1: 'h4sh', n: 'jane', id: 3, nested: { secret: ['x'] } };
    const { attributes } = map({ db: { statement, params } }, {}, { sqlParameters: true });
    assert.equal(attributes['db.query.parameter.param_1'], '***');
    assert.equal(attributes['db.query.parameter.n'], 'jane');
    assert.equal(attributes['db.query.parameter.id'], '3');
    assert.equal(attributes['db.query.parameter.nested.secret'], '***');
  });

  it('of several rows are a batch, with its size and without parameters', () => {
    const statement = 'INSERT INTO user (name, password) VALUES (?, ?)';
    const params = [
      ['a', 'one'],
      ['b', 'two'],
    ];
    const { name, attributes } = map({ db: { statement, params } }, {}, { sqlParameters: true });
    assert.equal(name, 'BATCH INSERT user');
    assert.equal(attributes['db.query.summary'], 'BATCH INSERT user');
    assert.equal(attributes['db.operation.batch.size'], 2);
    assert.deepEqual(
      Object.keys(attributes).filter((key) => key.startsWith('db.query.parameter')),
      [],
    );
  });

  it('mask the columns of listed parameters', () => {
    const statement = 'INSERT INTO user (name, password) VALUES (?, ?)';
    for (const params of [['a', 'one'], [['a', 'one']]]) {
      const { name, attributes } = map({ db: { statement, params } }, {}, { sqlParameters: true });
      assert.equal(name, 'INSERT user');
      assert.equal(attributes['db.query.parameter.0'], 'a');
      assert.equal(attributes['db.query.parameter.1'], '***');
    }
  });

  it('mask a value that another column of the row names as secret', () => {
    const statement = 'INSERT INTO sensitive_config ("option", value) VALUES (%(option)s, %(value)s)';
    const options = { sqlParameters: true };
    const parameterOf = (option: string) =>
      map({ db: { statement, params: { option, value: 'x' } } }, {}, options).attributes[
        'db.query.parameter.value'
      ];
    assert.equal(parameterOf('password'), '***');
    assert.equal(parameterOf('url'), 'x');
  });

  it('have no literals in the text of a statement without placeholders', () => {
    const textOf = (statement: string, options = {}) =>
      map({ db: { statement, params: null } }, {}, options).attributes['db.query.text'];
    assert.equal(textOf("SET PASSWORD FOR u = 'x'"), 'SET PASSWORD FOR u = ?');
    assert.equal(textOf('CREATE USER u IDENTIFIED BY "x"'), 'CREATE USER u IDENTIFIED BY ?');
    assert.equal(
      textOf(`INSERT INTO "t" VALUES ('x', "y", -5, NULL)`),
      'INSERT INTO "t" VALUES (?, ?, -?, NULL)',
    );
    assert.equal(
      textOf(`SELECT "a" FROM t WHERE "t"."b" = "t"."c" LIMIT 1`),
      `SELECT "a" FROM t WHERE "t"."b" = "t"."c" LIMIT ?`,
    );
    assert.equal(
      textOf("SELECT 1 FROM t WHERE a = %(a)s AND b = 'x'"),
      "SELECT 1 FROM t WHERE a = %(a)s AND b = 'x'",
    );
    assert.equal(textOf("SET PASSWORD FOR u = 'x'", { mask: 'off' }), "SET PASSWORD FOR u = 'x'");
  });

  it('send no parameters in error messages either, unless they are sent anyway', () => {
    const message =
      "(E) failed\n[SQL: INSERT …]\n[parameters: {'name': 'jane', 'x': ']'}]\n(Background on this)";
    const ended = { etype: 'E', message };
    const silent = map({ db: { statement: 'SELECT 1' } }, ended);
    assert.equal(
      silent.status.message,
      '(E) failed\n[SQL: INSERT …]\n[parameters: ***]\n(Background on this)',
    );
    const open = map({ db: { statement: 'SELECT 1' } }, ended, { sqlParameters: true });
    assert.equal(open.status.message, message);
  });
});

describe('function points', () => {
  const named = (name: string): PyObject => ({ function: { name } });

  it('are clients when an rpc goes through a client class, and when they are called …_api', () => {
    const kindOf = (point: string, name: string) => map(named(name), {}, { name: point }).kind;
    assert.equal(kindOf('rpc', 'nova.compute.rpcapi.ComputeAPI.build'), SpanKind.CLIENT);
    assert.equal(kindOf('rpc', 'nova.compute.manager.ComputeManager.build'), SpanKind.SERVER);
    assert.equal(kindOf('compute_api', 'nova.compute.api.API.create'), SpanKind.CLIENT);
    assert.equal(kindOf('driver', 'nova.virt.Driver.spawn'), SpanKind.INTERNAL);
  });

  it('have no rpc.method when decorators hide which method was called', () => {
    const hidden = 'oslo_messaging.rpc.server.expected_exceptions.<locals>.outer.<locals>.inner';
    assert.equal(map(named(hidden), {}, { name: 'rpc' }).attributes['rpc.method'], undefined);
    const method = 'nova.compute.manager.ComputeManager.build';
    assert.equal(map(named(method), {}, { name: 'rpc' }).attributes['rpc.method'], 'build');
  });

  it('are called by their point when the function has no name', () => {
    assert.equal(map({ function: { args: '()' } }, {}, { name: 'mine' }).name, 'mine');
    assert.equal(map(named('<lambda>'), {}, { name: 'mine' }).name, 'mine');
  });

  it('leave out arguments of any type with mask strict', () => {
    const begun = { function: { name: 'a.b', args: ['x', 1], kwargs: { y: 2 } } };
    assert.deepEqual(attributesOf(map(begun, {}, { mask: 'strict' })), { 'code.function.name': 'a.b' });
    const kept = attributesOf(map(begun));
    assert.equal(kept['osprofiler.info.function.args.0'], 'x');
    assert.equal(kept['osprofiler.info.function.kwargs.y'], 2);
  });

  it('keep results that are no text as leaves, masked', () => {
    const ended = { function: { result: { id: 7, password: 'x' } } };
    const attributes = attributesOf(map(named('a.b'), ended, { results: true }));
    assert.equal(attributes['osprofiler.function.result.id'], 7);
    assert.equal(attributes['osprofiler.function.result.password'], '***');
  });
});

describe('a stop of another family', () => {
  const ended = { function: { result: 'of the caller', extra: 1 } };

  it('changes neither name nor kind, and brings its result only when results are sent', () => {
    const begun = { db: { statement: 'SELECT 1', params: {} } };
    const span = map(begun, ended);
    assert.deepEqual([span.name, span.kind], ['SELECT', SpanKind.CLIENT]);
    assert.equal(span.attributes['osprofiler.info.function.result'], undefined);
    assert.equal(span.attributes['osprofiler.info.function.extra'], 1);
    const open = map(begun, ended, { results: true });
    assert.equal(open.attributes['osprofiler.info.function.result'], 'of the caller');
  });

  it('does not make SQL of a function', () => {
    const span = map({ function: { name: 'a.B.c' } }, { db: { result: '[]' } });
    assert.deepEqual([span.name, span.kind], ['B.c', SpanKind.INTERNAL]);
    assert.equal(span.attributes['db.system.name'], undefined);
  });
});

describe('what no convention knows', () => {
  it('is kept leaf by leaf, masked by key', () => {
    const begun = {
      host: 'ctl-01',
      a: { b: [1, { c: true }] },
      admin_password: 'x',
      tokens: ['y'],
      empty: {},
    };
    assert.deepEqual(attributesOf(map(begun)), {
      'osprofiler.info.a.b.0': 1,
      'osprofiler.info.a.b.1.c': true,
      'osprofiler.info.admin_password': '***',
      'osprofiler.info.tokens': '***',
      'osprofiler.info.empty': '{}',
    });
  });

  it('is kept twice when start and stop differ, and once when they do not', () => {
    const attributes = attributesOf(
      map({ a: 1, same: [1], host: 'ctl-01' }, { a: 2, same: [1], host: 'other' }),
    );
    assert.deepEqual(attributes, {
      'osprofiler.info.a': 1,
      'osprofiler.info.same.0': 1,
      'osprofiler.stop.info.a': 2,
      'osprofiler.stop.info.host': 'other',
    });
  });

  it('has keys that are valid text, and none that is endless', () => {
    const span = map({ 'a\ud800': 1, ['k'.repeat(2_000)]: 2 });
    assert.deepEqual(attributesOf(span), { 'osprofiler.info.a\ufffd': 1 });
    assert.equal(span.droppedAttributesCount, 1);
  });

  it('never outgrows the notification, however its keys are nested', () => {
    let nested: PyObject = Object.fromEntries(
      Array.from({ length: 200 }, (_nothing, index) => [`leaf${index}`, 1]),
    );
    for (let depth = 0; depth < 50; depth++) nested = { ['long'.repeat(50)]: nested };
    const span = map({ nested });
    assert.deepEqual(attributesOf(span), {});
    assert.equal(span.droppedAttributesCount, 200);
  });
});

describe('the names of recorded spans', () => {
  const spans = captureNames().flatMap((name) => spansIn(translate(notificationsOf(name))));
  const namesWith = (key: string) => [
    ...new Set(spans.filter(({ attributes }) => attributes[key] !== undefined).map(({ name }) => name)),
  ];

  it('of HTTP hold no identifier and no number but that of a version', () => {
    const names = namesWith('http.request.method');
    assert.ok(names.length > 20 && names.length < 55, `${names.length} names`);
    for (const name of names) {
      assert.doesNotMatch(name, /[0-9a-f]{8}-[0-9a-f]{4}|[0-9a-f]{16}/i);
      assert.doesNotMatch(name.replace(/\/v\d+(?:\.\d+)?(?=\/|$)/, ''), /\d/);
    }
  });

  it('are few, and short enough', () => {
    const names = new Set(spans.map(({ name }) => name));
    assert.ok(names.size < 400, `${names.size} names`);
    for (const name of namesWith('db.query.summary')) assert.ok(name.length <= 255, name);
  });
});
