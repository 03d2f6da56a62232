import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { afterEach, describe, it } from 'node:test';
import { BridgeError } from '../../src/errors.js';
import type { ListenAddress } from '../../src/settings/listen-address.js';
import { createServer, type RunningServer } from '../../src/sidecar/server.js';
import { RememberingLog } from '../support/receiving.js';

const running = new Set<RunningServer>();

afterEach(async () => {
  await Promise.all([...running].map((server) => server.close()));
  running.clear();
});

async function serve(listen: Partial<ListenAddress> = {}, metrics?: () => Promise<string>) {
  const server = await createServer({
    listen: { host: '127.0.0.1', port: 0, ...listen },
    readiness: () => ({ ready: true, state: 'working', reasons: [], receivers: [] }),
    ...(metrics === undefined ? {} : { metrics }),
    log: new RememberingLog(),
  });
  running.add(server);
  return server;
}

/** Sends bytes as they are. */
function speak(server: RunningServer, bytes: string): Socket {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(bytes);
  return socket;
}

describe('the server', () => {
  it('answers where it says that it is', async () => {
    const { url } = await serve();
    assert.match(url, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    const response = await fetch(`${url}/livez`);
    assert.deepEqual([response.status, await response.text()], [200, 'ok\n']);
    assert.equal((await fetch(`${url}/livez`, { method: 'HEAD' })).status, 200);
  });

  it('answers on IPv6', async (test) => {
    const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
      all?.some(({ address }) => address === '::1'),
    );
    if (!hasIpv6) return test.diagnostic('this machine has no ::1');
    const { url } = await serve({ host: '::1' });
    assert.match(url, /^http:\/\/\[::1\]:\d+$/);
    assert.equal((await fetch(`${url}/livez`)).status, 200);
  });

  it('answers on every address when it is told no host, and says one that can be opened', async () => {
    const { url } = await serve({ host: '::' });
    assert.match(url, /^http:\/\/localhost:\d+$/);
    assert.equal((await fetch(url.replace('localhost', '127.0.0.1'))).status, 200);
  });

  it('says what to do when the port is taken', async () => {
    const { url } = await serve();
    const port = Number(new URL(url).port);
    await assert.rejects(serve({ port }), (error: unknown) => {
      assert.ok(error instanceof BridgeError);
      assert.deepEqual([error.code, error.exitStatus], ['LISTEN_FAILED', 7]);
      assert.match(error.message, new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}`));
      assert.match(error.hint ?? '', /--listen/);
      return true;
    });
  });

  it('says what to do when the address is not of this machine', async () => {
    await assert.rejects(serve({ host: '192.0.2.1' }), (error: unknown) => {
      return (
        error instanceof BridgeError && error.code === 'LISTEN_FAILED' && /no such address/.test(error.hint!)
      );
    });
  });

  it('answers HTTP/1.0 without a Host header, as some load balancers check', async () => {
    const socket = speak(await serve(), 'GET /livez HTTP/1.0\r\n\r\n');
    assert.match(await text(socket), /^HTTP\/1\.1 200 [\s\S]*ok\n$/);
  });

  it('does not read headers without end', async () => {
    const socket = speak(
      await serve(),
      `GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    );
    assert.match(await text(socket), /^HTTP\/1\.1 431 /);
  });

  it('lets go of who does not finish a request', async () => {
    const socket = speak(await serve(), 'GET /livez HTTP/1.1\r\nHost: local');
    assert.match(await text(socket), /^HTTP\/1\.1 408 /);
  });

  it('takes what is no HTTP for what it is', async () => {
    const socket = speak(await serve(), 'AMQP\x00\x00\x09\x01');
    assert.match(await text(socket), /^HTTP\/1\.1 400 /);
  });

  it('closes with requests on their way, and answers those', async () => {
    let answer: (text: string) => void = () => {};
    let asked: () => void = () => {};
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const server = await serve({}, () => {
      asked();
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    const response = fetch(`${server.url}/metrics`);
    await isAsked;
    const closed = server.close();
    answer('a 1\n');
    assert.equal(await (await response).text(), 'a 1\n');
    await closed;
    await assert.rejects(fetch(`${server.url}/livez`));
  });

  it('closes in spite of who never lets go', async () => {
    const server = await serve({}, () => new Promise(() => {}));
    const socket = speak(server, 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'connect');
    await server.close();
    await server.close();
  });
});
