/**
 * examples/edge with the real HAProxy, nginx and Apache, in front of a WSGI application under osprofiler's own
 * middleware: any client's `traceparent` becomes headers that osprofiler accepts, and nothing else does.
 */
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';
import { toSpanId } from '../../src/mapping/ids.js';
import { signTraceInfo } from '../../src/propagation/trace-info.js';
import { OtlpReceiver } from '../support/otlp-receiver.js';
import { broker, eventually, type TestVhost } from '../support/rabbitmq.js';
import { Echo, expectedOf, fuzzedTraceparents } from './edge-fuzz.js';
import { Edge, type EdgeOptions, KINDS, type KindName } from './edge-proxies.js';
import { askOsprofiler, OpenStackApi } from './openstack.js';
import { RunningBridge, transportUrl } from './program.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const BASE_ID = '0af76519-16cd-43dd-8448-eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const SAMPLED = `00-${TRACE}-${SPAN}-01`;
const FUZZED = 10_000;

interface Answer {
  readonly profiled: boolean;
  /** Headers that carry a trace, as the application got them. */
  readonly received: Readonly<Record<string, string>>;
}

let vhost: TestVhost;
let api: OpenStackApi;
const running: Edge[] = [];

before(async () => {
  vhost = await broker().createVhost();
  api = await OpenStackApi.start(transportUrl(vhost), 'SECRET_KEY,next-key');
});
after(async () => {
  await api.stop();
  await vhost.remove();
});
afterEach(async () => {
  for (const edge of running.splice(0)) await edge.stop();
});

async function startEdge(name: KindName, options: Partial<EdgeOptions> = {}): Promise<Edge> {
  const edge = await Edge.start(name, { upstream: api.url, ...options });
  running.push(edge);
  return edge;
}

async function ask({ url }: Edge, headers: Record<string, string>, path = '/v2.1/servers'): Promise<Answer> {
  // A connection that is kept may be closed by a proxy that reads its files again.
  const response = await fetch(`${url}${path}`, { headers: { ...headers, connection: 'close' } });
  assert.equal(response.status, 200);
  return (await response.json()) as Answer;
}

for (const name of Object.keys(KINDS) as KindName[]) {
  describe(`${name} in front of an API`, () => {
    it('accepts the configuration of the example as it is', async () => {
      const { status, said } = await Edge.check(name);
      assert.equal(status, 0, said);
      assert.doesNotMatch(said, /warn|error/i);
    });

    it("puts a request with a sampled traceparent into the client's trace, below its span", async (test) => {
      const edge = await startEdge(name);
      const backend = await OtlpReceiver.start();
      const bridge = new RunningBridge(vhost, backend);
      test.after(async () => {
        await bridge.kill();
        await backend.stop();
      });
      // Of its own: the queue holds the traces of other tests too.
      const trace = randomBytes(16).toString('hex');
      const traceparent = `00-${trace}-${SPAN}-01`;
      const { profiled, received } = await ask(edge, { traceparent });
      assert.equal(profiled, true);
      assert.equal(received['traceparent'], traceparent);
      const inTrace = () => backend.spans.filter(({ traceId }) => traceId === trace);
      await eventually(() => inTrace().length >= 2);
      assert.equal((await bridge.stop()).status, 0);
      const [wsgi, db] = ['GET /v2.1/servers', 'SELECT instances'].map((span) =>
        inTrace().find((each) => each.name === span),
      );
      assert.equal(inTrace().length, 2);
      assert.equal(wsgi?.parentSpanId, SPAN);
      assert.equal(db?.parentSpanId, wsgi?.spanId);
    });

    it('leaves requests alone that are unsampled, malformed, or on a path that is never traced', async () => {
      const edge = await startEdge(name);
      const unsampled = `00-${TRACE}-${SPAN}-00`;
      const malformed = [
        `00-${'0'.repeat(32)}-${SPAN}-01`,
        `00-${TRACE}-${'0'.repeat(16)}-01`,
        `00-${TRACE.toUpperCase()}-${SPAN}-01`,
        `ff-${TRACE}-${SPAN}-01`,
        `${SAMPLED}-more`,
        `${SAMPLED},${SAMPLED}`,
        SAMPLED.slice(0, -1),
        'nonsense',
      ];
      for (const traceparent of [unsampled, ...malformed])
        assert.deepEqual(await ask(edge, { traceparent }), { profiled: false, received: { traceparent } });
      assert.deepEqual(await ask(edge, {}), { profiled: false, received: {} });
      const never = await ask(edge, { traceparent: SAMPLED }, '/healthcheck');
      assert.deepEqual(never, { profiled: false, received: { traceparent: SAMPLED } });
    });

    it("drops a client's own signed headers, forged or not, and signs its traceparent instead", async () => {
      const edge = await startEdge(name);
      for (const key of ['SECRET_KEY', 'forged']) {
        const own = ownHeaders(key);
        assert.deepEqual(await ask(edge, own), { profiled: false, received: {} });
        const both = await ask(edge, { ...own, traceparent: SAMPLED });
        assert.equal(both.profiled, true);
        assert.equal(baseIdOf(both), BASE_ID);
      }
      const underscored = { X_Trace_Info: 'x', 'X_Trace-HMAC': 'y' };
      assert.deepEqual(await ask(edge, underscored), { profiled: false, received: {} });
    });

    it("passes a client's own signed headers when it is told to, and the services judge them", async () => {
      const edge = await startEdge(name, { own: 'pass' });
      const signed = ownHeaders('SECRET_KEY');
      const forged = ownHeaders('forged');
      assert.deepEqual(await ask(edge, signed), { profiled: true, received: signed });
      assert.deepEqual(await ask(edge, forged), { profiled: false, received: forged });
      const both = { ...forged, traceparent: SAMPLED };
      assert.deepEqual(await ask(edge, both), { profiled: false, received: both });
      assert.equal(baseIdOf(await ask(edge, { traceparent: SAMPLED })), BASE_ID);
    });

    for (const [who, limits] of Object.entries({
      'one client': { client: 3, total: 90_000 },
      'all clients': { client: 90_000, total: 3 },
    })) {
      it(`traces no more requests a second of ${who} than it may, and passes the others untraced`, async () => {
        const edge = await startEdge(name, { limits });
        const begun = performance.now();
        let traced = 0;
        for (let sent = 0; sent < 40; sent += 1) {
          const { profiled, received } = await ask(edge, { traceparent: SAMPLED });
          if (profiled) traced += 1;
          else assert.deepEqual(received, { traceparent: SAMPLED });
        }
        const seconds = (performance.now() - begun) / 1000;
        assert.ok(traced >= 3, `${traced} were traced`);
        // A window that has just begun may follow one that has just ended.
        assert.ok(traced <= 3 * (Math.floor(seconds) + 2), `${traced} were traced in ${seconds} s`);
        assert.ok(traced < 40);
      });
    }

    it('signs with another key when it is changed, without a restart', async () => {
      const edge = await startEdge(name);
      assert.ok(isSignedBy('SECRET_KEY', await ask(edge, { traceparent: SAMPLED })));
      await edge.changeKey('next-key');
      const later = await eventually(async () => {
        const answer = await ask(edge, { traceparent: SAMPLED });
        return isSignedBy('next-key', answer) && answer;
      });
      assert.equal(later.profiled, true);
    });

    it(`makes no header of ${FUZZED} fuzzed traceparents that osprofiler would refuse`, async (test) => {
      const echo = await Echo.start();
      test.after(() => echo.stop());
      const edge = await startEdge(name, { upstream: echo.url });
      const sent = fuzzedTraceparents(FUZZED);
      const received = await echo.receive(edge.url, sent);
      const signed = received.flatMap((headers, index) =>
        headers === undefined ? [] : [{ headers, index }],
      );
      const judged = askOsprofiler(signed.map(({ headers }) => ({ receive: headers, keys: 'SECRET_KEY' })));
      const expected = sent.map(expectedOf);
      assert.deepEqual(
        signed.map(({ index }) => index),
        expected.flatMap((each, index) => (each === undefined ? [] : [index])),
      );
      assert.ok(signed.length > FUZZED / 10);
      for (const [order, { index }] of signed.entries()) {
        const { base_id = '', parent_id = '' } = judged[order] ?? {};
        const { traceId, spanId } = expected[index]!;
        assert.equal(base_id.replaceAll('-', ''), traceId);
        assert.equal(toSpanId(parent_id), spanId);
        assert.notEqual(parent_id, base_id);
      }
    });
  });
}

/** What a client of osprofiler sends by itself. */
function ownHeaders(key: string): Record<string, string> {
  const ids = {
    baseId: '3361aef1-cc62-49e1-8afc-09b0f8495fb6',
    parentId: '3361aef1-cc62-49e1-8afc-09b0f8495fb6',
  };
  const { info, hmac } = signTraceInfo(ids, key);
  return { 'X-Trace-Info': info, 'X-Trace-HMAC': hmac };
}

function baseIdOf({ received }: Answer): string {
  const json = Buffer.from(received['X-Trace-Info'] ?? '', 'base64url').toString();
  return (JSON.parse(json) as { base_id: string }).base_id;
}

function isSignedBy(key: string, { received }: Answer): boolean {
  const { 'X-Trace-Info': info = '', 'X-Trace-HMAC': hmac } = received;
  return createHmac('sha1', key).update(info).digest('hex') === hmac;
}
