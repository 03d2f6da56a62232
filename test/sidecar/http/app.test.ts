import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Hono } from 'hono';
import { type AppOptions, createApp } from '../../../src/sidecar/http/app.js';
import type { Readiness } from '../../../src/sidecar/readiness.js';
import { RememberingLog } from '../../support/receiving.js';

const READY: Readiness = { ready: true, state: 'working', reasons: [], receivers: [] };
const UNREADY: Readiness = {
  ready: false,
  state: 'unready',
  reasons: [{ code: 'backend-refusing', message: 'http://u:pw@backend/ says no' }],
  receivers: [{ name: 'r', state: 'waiting', reason: 'rabbit://u:pw@h/ is away' }],
};

function ask(path: string, changes: Partial<AppOptions> = {}, init: RequestInit = {}): Promise<Response> {
  const options = { host: '127.0.0.1', readiness: () => READY, log: new RememberingLog(), ...changes };
  return Promise.resolve(createApp(options).request(`http://localhost${path}`, init));
}

describe('/livez', () => {
  it('answers 200 whatever the broker and the backend do', async () => {
    const response = await ask('/livez', { readiness: () => UNREADY });
    assert.deepEqual([response.status, await response.text()], [200, 'ok\n']);
  });
});

describe('/readyz', () => {
  it('answers 200 when all is well', async () => {
    const response = await ask('/readyz');
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), READY);
  });

  it('answers 503 with the reasons, without credentials, when it is not', async () => {
    const response = await ask('/readyz', { readiness: () => UNREADY });
    assert.equal(response.status, 503);
    assert.equal(response.headers.get('content-type'), 'application/json');
    const { reasons, receivers } = (await response.json()) as Readiness;
    assert.deepEqual(reasons, [{ code: 'backend-refusing', message: 'http://***@backend/ says no' }]);
    assert.equal(receivers[0]?.reason, 'rabbit://***@h/ is away');
  });
});

describe('/metrics', () => {
  it('answers in the text format 0.0.4', async () => {
    const response = await ask('/metrics', { metrics: async () => 'a 1\n' });
    assert.deepEqual([response.status, await response.text()], [200, 'a 1\n']);
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  });

  it('says why there are none', async () => {
    const response = await ask('/metrics');
    assert.equal(response.status, 404);
    assert.match(await response.text(), /OTEL_METRICS_EXPORTER/);
  });
});

describe('every answer', () => {
  it('says no to methods that would change something, and which ones there are', async () => {
    for (const path of ['/', '/livez', '/readyz', '/metrics', '/nowhere']) {
      for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
        const response = await ask(path, {}, { method });
        assert.equal(response.status, 405, `${method} ${path}`);
        assert.equal(response.headers.get('allow'), 'GET, HEAD');
      }
    }
  });

  it('has no body for HEAD, and the status of GET', async () => {
    for (const [path, status] of [
      ['/livez', 200],
      ['/readyz', 503],
      ['/nowhere', 404],
    ] as const) {
      const response = await ask(path, { readiness: () => UNREADY }, { method: 'HEAD' });
      assert.deepEqual([response.status, await response.text()], [status, ''], path);
    }
  });

  it('is 404 where there is nothing, and says at / where there is something', async () => {
    assert.equal((await ask('/nowhere')).status, 404);
    assert.match(await (await ask('/')).text(), /\/livez[\s\S]*\/readyz[\s\S]*\/metrics/);
  });

  it('carries headers that keep browsers from doing anything with it', async () => {
    for (const path of ['/', '/livez', '/nowhere']) {
      const { headers } = await ask(path);
      assert.match(headers.get('content-security-policy') ?? '', /^default-src 'none'/);
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      assert.equal(headers.get('cache-control'), 'no-store');
    }
  });

  it('on loopback is only for who asks for this machine by its name', async () => {
    for (const host of ['localhost:13133', '127.0.0.1', '127.9.9.9:80', '[::1]:13133', 'LOCALHOST']) {
      assert.equal((await ask('/livez', {}, { headers: { host } })).status, 200, host);
    }
    for (const host of [
      'evil.example',
      '127.0.0.1.evil.example',
      'localhost.evil.example:13133',
      '10.0.0.1',
    ]) {
      assert.equal((await ask('/livez', {}, { headers: { host } })).status, 421, host);
    }
    const abroad = await ask('/livez', { host: '10.0.0.1' }, { headers: { host: 'bridge.example' } });
    assert.equal(abroad.status, 200, 'elsewhere names are up to the operator');
  });

  it('is 500 without any detail when something is broken, and the log has it', async () => {
    const log = new RememberingLog();
    const metrics = async () => {
      throw new Error('the very reason');
    };
    const response = await ask('/metrics', { metrics, log });
    assert.equal(response.status, 500);
    assert.doesNotMatch(await response.text(), /very reason/);
    assert.match(log.text, /very reason/);
  });
});

describe('a page', () => {
  const page = new Hono()
    .get('/', (context) => {
      context.header('content-security-policy', "default-src 'self'");
      return context.html('<h1>traces</h1>');
    })
    .get('/traces/:id', (context) => context.text(context.req.param('id')))
    .get('/livez', (context) => context.text('taken over'));

  it('has / and the paths below, with headers of its own, and leaves the others as they are', async () => {
    const home = await ask('/', { page });
    assert.equal(await home.text(), '<h1>traces</h1>');
    assert.equal(home.headers.get('content-security-policy'), "default-src 'self'");
    assert.equal(home.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(await (await ask('/traces/7', { page })).text(), '7');
    assert.equal(await (await ask('/livez', { page })).text(), 'ok\n');
    assert.equal((await ask('/nowhere', { page })).status, 404);
  });
});
