import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Scrape } from '../../sidecar/scrape.js';
import { body } from '../../support/notifications.js';
import { OtlpReceiver } from '../../support/otlp-receiver.js';
import { broker, eventually, type TestUser, type TestVhost } from '../../support/rabbitmq.js';
import { publish } from '../rabbitmq/support.js';
import { RunningBridge, transportUrl } from './running.js';

const EVERYTHING = { configure: '.*', write: '.*', read: '.*' };
const REFUSING = { kind: 'respond', status: 500 } as const;

/** Both halves of so many points. */
function pairs(count: number): string[] {
  return Array.from({ length: count }, () => randomUUID()).flatMap((id) => [
    body({ name: 'work-start', trace_id: id }).toString(),
    body({ name: 'work-stop', trace_id: id }).toString(),
  ]);
}

let vhost: TestVhost;
let user: TestUser;
let backend: OtlpReceiver;

beforeEach(async () => {
  vhost = await broker().createVhost();
  user = await vhost.createUser(EVERYTHING);
  backend = await OtlpReceiver.start();
});

afterEach(async () => {
  await backend.stop();
  await vhost.remove();
});

describe('health', () => {
  it('follows the queue: not ready without it, ready with it, and not when it is deleted', async (test) => {
    const bridge = await RunningBridge.start(test, transportUrl(vhost, user), backend);
    const { reasons } = await bridge.untilReadiness('unready', 'receiver-waiting');
    assert.match(reasons[0]?.message ?? '', /there is no queue "profiler\.info"/);
    assert.ok(await bridge.isAlive());
    await publish(vhost, []);
    const ready = await bridge.untilReadiness('working');
    assert.deepEqual(ready.receivers, [{ name: 'rabbitmq drain profiler.info', state: 'consuming' }]);
    await vhost.withChannel((channel) => channel.deleteQueue('profiler.info'));
    await bridge.untilReadiness('unready', 'receiver-waiting');
    assert.ok(await bridge.isAlive());
  });

  it('is not ready while the broker is away, and alive', async (test) => {
    const away = `rabbit://nova:${user.password}@127.0.0.1:1/`;
    const bridge = await RunningBridge.start(test, away, backend);
    const { reasons } = await bridge.untilReadiness('unready', 'receiver-waiting');
    assert.match(reasons[0]?.message ?? '', /127\.0\.0\.1:1 cannot be reached/);
    assert.ok(await bridge.isAlive());
  });

  it('is not ready while the backend refuses, alive all the same, and ready when it takes spans', async (test) => {
    await publish(vhost, []);
    const bridge = await RunningBridge.start(test, transportUrl(vhost, user), backend);
    await bridge.untilReadiness('working');
    backend.otherwise = REFUSING;
    await publish(vhost, pairs(1));
    const { reasons } = await bridge.untilReadiness('unready', 'backend-refusing');
    assert.match(reasons[0]?.message ?? '', /the backend answered 500/);
    assert.ok(await bridge.isAlive());
    backend.otherwise = { kind: 'respond' };
    await bridge.untilReadiness('working');
  });

  it('of a standby is ready and says so; it works when the other ends', async (test) => {
    await publish(vhost, []);
    const first = await RunningBridge.start(test, transportUrl(vhost, user), backend);
    await first.untilReadiness('working');
    const second = await RunningBridge.start(test, transportUrl(vhost, user), backend);
    const { ready } = await second.untilReadiness('standby');
    assert.ok(ready);
    const states = { osprofiler_bridge_state: 'standby' };
    assert.equal((await second.scrape()).sum('osprofiler_bridge_receivers', states), 1);
    await first.stop();
    await second.untilReadiness('working');
  });
});

describe('answers', () => {
  it('hold no secret, whatever state they tell of', async (test) => {
    const secret = `key-${randomUUID()}`;
    await publish(vhost, [...pairs(1), body({ info: { args: `password=${secret}` } }).toString()]);
    // A backend that repeats what it was sent.
    backend.otherwise = { ...REFUSING, body: `no entry for Bearer ${secret}` };
    const headers = ['--headers', `authorization=Bearer%20${secret}`];
    const bridge = await RunningBridge.start(test, transportUrl(vhost, user), backend, headers);
    await bridge.untilReadiness('unready', 'backend-refusing');
    const wrong = transportUrl(vhost, { ...user, password: `${user.password}x` });
    const refused = await RunningBridge.start(test, wrong, backend, headers);
    await refused.untilReadiness('unready', 'receiver-waiting');
    for (const { url } of [bridge, refused]) {
      for (const path of ['/', '/livez', '/readyz', '/metrics', '/nowhere']) {
        const response = await fetch(url + path);
        const answer = JSON.stringify([...response.headers]) + (await response.text());
        assert.ok(!answer.includes(secret) && !answer.includes(user.password), path);
      }
    }
  });
});

describe('the accounting identity', () => {
  it('holds in every scrape, under load, with a backend that fails and connections that are cut', async (test) => {
    const rounds = 12;
    const perRound = 150;
    // One that stays open, so that every cut takes something back.
    await publish(vhost, [body({ name: 'work-start', trace_id: randomUUID() }).toString()]);
    const bridge = await RunningBridge.start(test, transportUrl(vhost, user), backend, [
      '--batch-max-size',
      '32',
    ]);
    await bridge.untilReadiness('working');
    const scraping = new Scraping(bridge);
    for (let round = 0; round < rounds; round++) {
      backend.answerNext(...(round % 2 === 0 ? [REFUSING, { kind: 'reset' } as const] : []));
      await publish(vhost, ['no JSON', ...pairs(perRound), ...(round % 3 === 0 ? pairs(5) : [])]);
      if (round % 4 === 1) await vhost.closeBridgeConnections();
    }
    const published = rounds * perRound + 4 * 5;
    await eventually(() => new Set(backend.spans.map(({ spanId }) => spanId)).size === published);
    await eventually(
      async () => (await bridge.scrape()).sum('osprofiler_bridge_notifications_unacknowledged') === 1,
    );
    const scrapes = await scraping.end();
    const broken = scrapes.filter(({ unaccounted }) => unaccounted !== 0);
    assert.equal(broken.length, 0, broken[0]?.text);
    const last = scrapes.at(-1)!;
    assert.ok(last.sum('osprofiler_bridge_broker_reconnects_total') > 0, 'connections were cut');
    const outcome = (name: string) =>
      last.sum('osprofiler_bridge_notifications_processed_total', { osprofiler_bridge_outcome: name });
    assert.ok(outcome('returned') > 0, 'what was on its way went back');
    assert.ok(outcome('rejected') >= rounds);
    assert.ok(last.sum('osprofiler_bridge_export_spans_total', { osprofiler_bridge_outcome: 'retried' }) > 0);
    const open = scrapes.filter((scrape) => scrape.sum('osprofiler_bridge_notifications_unacknowledged') > 0);
    test.diagnostic(`${scrapes.length} scrapes, ${open.length} of them with notifications on their way`);
  });
});

/** Scrapes again and again until it is told to end. */
class Scraping {
  readonly #scrapes: Scrape[] = [];
  readonly #running: Promise<void>;
  #isOver = false;

  constructor(private readonly bridge: RunningBridge) {
    this.#running = this.#run();
  }

  async end(): Promise<readonly Scrape[]> {
    this.#isOver = true;
    await this.#running;
    return this.#scrapes;
  }

  async #run(): Promise<void> {
    while (!this.#isOver) this.#scrapes.push(await this.bridge.scrape());
  }
}
