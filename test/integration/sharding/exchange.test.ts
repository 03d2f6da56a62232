import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Message } from 'amqplib';
import { Broker } from '../../integrity/support/broker.js';
import { body } from '../../support/notifications.js';
import { broker, eventually, type TestVhost } from '../../support/rabbitmq.js';
import { publish } from '../rabbitmq/support.js';
import { change, layoutOf, startReplica, startSharding, taken } from './support.js';

const TRACES = Array.from({ length: 60 }, (_, index) => `trace-${index}`);
const SHARDS = 4;
const AUTO = layoutOf(SHARDS, { exchange: 'auto' });

describe('the exchange before the shards, where the plugin is enabled', { timeout: 300_000 }, () => {
  const { vhost, own } = onItsOwnBroker(['rabbitmq_consistent_hash_exchange']);

  it('is the consistent-hash exchange by default, and all shards have something', async (test) => {
    const { sharder } = startSharding(test, vhost(), AUTO);
    await publish(vhost(), halves('start'));
    await eventually(() => sharder.counts.sharded === TRACES.length);
    assert.equal(sharder.layout?.exchange, 'consistent-hash');
    for (const shard of await allTaken(SHARDS)) assert.ok(shard.length > TRACES.length / SHARDS / 4);
  });

  it('is direct when that is asked for', async (test) => {
    const { sharder } = startSharding(test, vhost(), layoutOf(SHARDS));
    await eventually(() => sharder.layout?.exchange === 'direct');
  });

  it('keeps halves together when the broker restarts between them', async (test) => {
    const { sharder } = startSharding(test, vhost(), AUTO);
    await publish(vhost(), halves('start'));
    await eventually(() => sharder.counts.sharded === TRACES.length);
    await own().restart();
    await publish(vhost(), halves('stop'));
    await eventually(() => sharder.counts.sharded === 2 * TRACES.length);
    await assertTogether(SHARDS);
  });

  it('keeps halves together when one of several sharders finds the way gone', async (test) => {
    const sharders = [startSharding(test, vhost(), AUTO), startSharding(test, vhost(), AUTO)];
    const sharded = () => sharders.reduce((sum, { sharder }) => sum + sharder.counts.sharded, 0);
    await publish(vhost(), halves('start'));
    await eventually(() => sharded() === TRACES.length);
    await vhost().withChannel((channel) =>
      channel.deleteExchange(`osprofiler-otel-bridge.shard.of-${SHARDS}.ring`),
    );
    await publish(vhost(), halves('stop'));
    await eventually(() => sharded() === 2 * TRACES.length);
    await assertTogether(SHARDS);
  });

  it('is changed with the number of shards, both ways', async (test) => {
    const { sharder } = startSharding(test, vhost(), layoutOf(2));
    startReplica(test, vhost());
    await publish(vhost(), halves('start'));
    await eventually(() => sharder.counts.sharded === TRACES.length);
    assert.equal((await change(vhost(), AUTO)).moved, TRACES.length);
    await publish(vhost(), halves('stop'));
    await eventually(() => sharder.counts.sharded === 2 * TRACES.length);
    assert.equal(sharder.layout?.exchange, 'consistent-hash');
    assert.equal((await change(vhost(), AUTO)).moved, 0, 'auto takes what there is');
    assert.equal((await change(vhost(), layoutOf(3))).moved, 2 * TRACES.length);
    const names = await exchangeNames();
    assert.deepEqual(names, ['osprofiler-otel-bridge.shard.of-3']);
  });

  async function exchangeNames(): Promise<string[]> {
    const all = (await broker().management('GET', `exchanges/${vhost().name}`)) as { name: string }[];
    return all.map(({ name }) => name).filter((name) => name.startsWith('osprofiler'));
  }

  async function allTaken(shards: number): Promise<Message[][]> {
    const each = Array.from({ length: shards }, (_, index) => taken(vhost(), index, shards));
    return Promise.all(each);
  }

  async function assertTogether(shards: number): Promise<void> {
    const halvesOf = (await allTaken(shards)).map((shard) => {
      const traces = shard.map(({ content }) => traceOf(content));
      return new Map(TRACES.map((trace) => [trace, traces.filter((each) => each === trace).length]));
    });
    for (const trace of TRACES) {
      const homes = halvesOf.map((counts) => counts.get(trace)!).filter((count) => count > 0);
      assert.equal(homes.length, 1, `${trace} is in one shard`);
      assert.ok(homes[0]! >= 2, 'with both halves');
    }
  }
});

describe('the exchange before the shards, where the plugin is not enabled', { timeout: 300_000 }, () => {
  const { vhost } = onItsOwnBroker([]);

  it('is direct by default, and others go by that', async (test) => {
    const first = startSharding(test, vhost(), AUTO);
    await publish(vhost(), halves('start'));
    await eventually(() => first.sharder.counts.sharded === TRACES.length);
    assert.equal(first.sharder.layout?.exchange, 'direct');
    const second = startSharding(test, vhost(), layoutOf(SHARDS, { exchange: 'consistent-hash' }));
    await eventually(() => second.sharder.layout?.exchange === 'direct');
  });

  it('is direct after a change of the number, too', async () => {
    await change(vhost(), AUTO);
    assert.equal((await change(vhost(), { ...AUTO, shards: 2 })).now, 2);
  });

  it('of the other kind is waited for when that is asked for, with the reason', async (test) => {
    const { log, sharder } = startSharding(test, vhost(), layoutOf(2, { exchange: 'consistent-hash' }));
    await eventually(() => /unknown exchange type/.test(log.text));
    assert.equal(sharder.layout, undefined);
  });
});

/** A broker for one suite, with these plugins, and a fresh virtual host for each test. */
function onItsOwnBroker(plugins: readonly string[]) {
  let own: Broker | undefined;
  let vhost: TestVhost | undefined;
  before(async () => {
    own = await Broker.start({ plugins });
    process.env['OSPROFILER_BRIDGE_TEST_AMQP_URL'] = own.url('');
    process.env['OSPROFILER_BRIDGE_TEST_MANAGEMENT_URL'] = own.managementUrl;
  });
  beforeEach(async () => {
    vhost = await broker().createVhost();
  });
  after(() => own?.stop());
  return { own: () => own!, vhost: () => vhost! };
}

function halves(half: 'start' | 'stop'): string[] {
  return TRACES.map((trace) => body({ base_id: trace, name: `work-${half}` }).toString());
}

function traceOf(content: Buffer): string {
  return (JSON.parse(content.toString()) as { payload: { base_id: string } }).payload.base_id;
}
