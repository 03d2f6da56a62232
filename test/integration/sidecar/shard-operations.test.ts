import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Scrape } from '../../sidecar/scrape.js';
import { body } from '../../support/notifications.js';
import { OtlpReceiver } from '../../support/otlp-receiver.js';
import { broker, eventually, type TestUser, type TestVhost } from '../../support/rabbitmq.js';
import { publish } from '../rabbitmq/support.js';
import { RunningBridge, transportUrl } from './running.js';

const SHARDED = { osprofiler_bridge_outcome: 'sharded' };
const FILTERED = { osprofiler_bridge_outcome: 'filtered', osprofiler_bridge_reason: 'foreign' };

let vhost: TestVhost;
let user: TestUser;

beforeEach(async () => {
  vhost = await broker().createVhost();
  user = await vhost.createUser({ configure: '.*', write: '.*', read: '.*' });
});

afterEach(() => vhost.remove());

describe('the command shard over HTTP', { timeout: 180_000 }, () => {
  it('is ready while it can take and write, and says what is in the way', async (test) => {
    const sharder = await RunningBridge.startSharder(test, transportUrl(vhost, user));
    const { reasons } = await sharder.untilReadiness('unready', 'receiver-waiting');
    assert.match(reasons[0]?.message ?? '', /there is no queue "profiler\.info"/);
    await publish(vhost, []);
    await sharder.untilReadiness('working');
    assert.ok(await sharder.isAlive());
    const { text } = await page(sharder);
    assert.match(text, /\/readyz/);
  });

  it('accounts for every notification in its metrics, those that it holds too', async (test) => {
    await publish(vhost, ['{"event_type": "identity.authenticate"}', starts(3)].flat());
    const sharder = await RunningBridge.startSharder(test, transportUrl(vhost, user), ['--shard-count', '1']);
    const done = await eventually(async () => {
      const scrape = await sharder.scrape();
      return scrape.sum('osprofiler_bridge_notifications_processed_total', SHARDED) === 3
        ? scrape
        : undefined;
    });
    assert.equal(done.sum('osprofiler_bridge_notifications_processed_total', FILTERED), 1);
    assertLaw(done, 4);
    const policy = { pattern: 'shard\\.0', definition: { 'max-length': 3, overflow: 'reject-publish' } };
    await broker().management('PUT', `policies/${vhost.name}/full`, policy);
    await publish(vhost, starts(5));
    const { reasons } = await sharder.untilReadiness('unready', 'shards-refusing');
    assert.match(reasons[0]?.message ?? '', /takes no more/);
    const held = await sharder.scrape();
    assert.ok(held.sum('osprofiler_bridge_shards_held') > 0);
    assert.ok(held.sum('osprofiler_bridge_notifications_unacknowledged') > 0);
    assertLaw(held, held.sum('osprofiler_bridge_notifications_received_total'));
  });
});

describe('a replica on shards', { timeout: 180_000 }, () => {
  it('says in its metrics what waits in the shards that it has', async (test) => {
    await publish(vhost, starts(3));
    const backend = await OtlpReceiver.start();
    test.after(() => backend.stop());
    const sharder = await RunningBridge.startSharder(test, transportUrl(vhost, user), ['--shard-count', '2']);
    await eventually(async () => {
      const scrape = await sharder.scrape();
      return scrape.sum('osprofiler_bridge_notifications_processed_total', SHARDED) === 3;
    });
    const args = ['--shards', 'auto', '--prefetch', '1'];
    const replica = await RunningBridge.start(test, transportUrl(vhost, user), backend, args);
    const series = { messaging_destination_name: 'rabbitmq shards auto' };
    await eventually(async () => {
      const scrape = await replica.scrape();
      return scrape.sum('osprofiler_bridge_queue_consumers', series) === 1;
    });
    const found = await replica.scrape();
    const waiting = found.sum('osprofiler_bridge_queue_depth', series);
    assert.equal(waiting + found.sum('osprofiler_bridge_notifications_unacknowledged'), 3);
  });
});

function assertLaw(scrape: Scrape, received: number): void {
  assert.equal(scrape.sum('osprofiler_bridge_notifications_received_total'), received);
  const processed = scrape.sum('osprofiler_bridge_notifications_processed_total');
  assert.equal(processed + scrape.sum('osprofiler_bridge_notifications_unacknowledged'), received);
}

function starts(count: number): string[] {
  return Array.from({ length: count }, () =>
    body({ name: 'work-start', base_id: randomUUID(), trace_id: randomUUID() }).toString(),
  );
}

async function page(sharder: RunningBridge): Promise<{ readonly text: string }> {
  const response = await fetch(sharder.url);
  return { text: await response.text() };
}
