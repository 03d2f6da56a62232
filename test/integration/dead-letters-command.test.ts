import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { runProgram } from '../cli/spawn.js';
import { body } from '../support/notifications.js';
import { broker, eventually, type TestVhost } from '../support/rabbitmq.js';
import { leftIn, publish, start } from './rabbitmq/support.js';

const QUEUE = 'osprofiler-otel-bridge.dead-letters';

describe('dead-letters', { timeout: 120_000 }, () => {
  let vhost: TestVhost;
  before(async () => {
    vhost = await broker().createVhost();
  });
  beforeEach(() =>
    vhost.withChannel(async (channel) => {
      for (const queue of [QUEUE, 'profiler.info']) await channel.deleteQueue(queue);
    }),
  );
  after(() => vhost.remove());

  it('list shows why and where from, bodies when asked for with secrets masked, and leaves them', async (test) => {
    await setAside(test, vhost, ['{"password": "hunter2"', 'second\t\u001b[31m']);
    const { status, stdout } = await run('list');
    assert.equal(status, 0);
    assert.deepEqual(stdout.split('\n'), [
      'not-json\t\tprofiler.info\tprofiler.info\t22 B\tunexpected end',
      'not-json\t\tprofiler.info\tprofiler.info\t12 B\tunexpected end',
      '',
    ]);
    const withBodies = await run('list', '--bodies');
    assert.doesNotMatch(withBodies.stdout, /hunter2|\u001b/);
    assert.match(withBodies.stdout, /\n {2}\{"password": "\*\*\*"\n[\s\S]*\n {2}second\\u0009\\u001b\[31m\n/);
    const { stdout: json } = await run('list', '--json', '--bodies');
    const [first, second] = json
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(first, {
      broker: `${broker().host}:${broker().port}`,
      reason: 'not-json',
      exchange: '',
      routingKey: 'profiler.info',
      queue: 'profiler.info',
      bytes: 22,
      detail: 'unexpected end',
      body: '{"password": "***"',
    });
    assert.equal(second?.['body'], 'second\t\u001b[31m');
    assert.equal(await leftIn(vhost, QUEUE), 2);
  });

  it('replay moves them back, where they are what they were', async (test) => {
    const bodies = Array.from({ length: 450 }, (_, index) => body({ name: `p${index}-start` }).toString());
    await setAside(test, vhost, bodies);
    const { status, stdout } = await run('replay');
    assert.equal(stdout, `450 moved back, 0 left in ${QUEUE} at ${broker().host}:${broker().port}\n`);
    assert.equal(status, 0);
    assert.equal(await leftIn(vhost, QUEUE), 0);
    const running = start(test, vhost, { prefetch: 1_000 });
    await eventually(() => running.handler.bodies.length === 450);
    assert.deepEqual(running.handler.bodies, bodies);
    const { exchange, routingKey, redelivered, properties } = running.handler.deliveries[0]!;
    assert.deepEqual([exchange, routingKey, redelivered], ['', 'profiler.info', false]);
    assert.equal(properties.contentType, 'application/json');
    assert.equal(properties.headers?.['x-osprofiler-bridge-reason'], undefined);
  });

  it('replay leaves what it cannot move, and what is not of the bridge, and says so', async (test) => {
    await setAside(test, vhost, ['one', 'two']);
    await vhost.withChannel(async (channel) => {
      channel.sendToQueue(QUEUE, Buffer.from('somebody else'));
      await channel.deleteQueue('profiler.info');
    });
    const missing = await run('replay');
    assert.equal(missing.status, 4);
    assert.match(missing.stdout, /^0 moved back, 3 left/);
    assert.match(missing.stderr, /there is no queue \\"profiler\.info\\".*where they came from/);
    assert.match(missing.stderr, /error NOT_ALL_TAKEN/);
    await publish(vhost, []);
    const partly = await run('replay');
    assert.equal(partly.status, 4);
    assert.match(partly.stdout, /^2 moved back, 1 left/);
    assert.equal(await leftIn(vhost), 2);
  });

  it('purge throws them away when it is told yes', async (test) => {
    await setAside(test, vhost, ['one', 'two']);
    const unsure = await run('purge');
    assert.equal(unsure.status, 2);
    assert.match(unsure.stderr, /pass --yes/);
    assert.equal(await leftIn(vhost, QUEUE), 2);
    const sure = await run('purge', '--yes');
    assert.deepEqual([sure.status, sure.stdout.slice(0, 13)], [0, '2 purged from']);
    assert.equal(await leftIn(vhost, QUEUE), 0);
  });

  it('has nothing to do where nothing was ever set aside', async () => {
    assert.deepEqual((await run('list')).stdout, '');
    assert.match((await run('replay')).stdout, /^0 moved back, 0 left/);
    assert.match((await run('purge', '--yes')).stdout, /^0 purged/);
  });

  it('does not wait for a broker that is not there', async () => {
    const { status, stderr } = await runProgram([
      ...['dead-letters', 'list', '--transport-url', 'rabbit://guest:hunter2@127.0.0.1:1/'],
    ]);
    assert.equal(status, 6);
    assert.match(stderr, /error BROKER_UNUSABLE: .*127\.0\.0\.1:1 cannot be reached: nothing listens there/);
    assert.doesNotMatch(stderr, /hunter2/);
  });

  for (const args of [[], ['look'], ['list', 'purge']]) {
    it(`needs one action that there is, not "${args.join(' ')}"`, async () => {
      const { status, stderr } = await runProgram(['dead-letters', ...args]);
      assert.equal(status, 2);
      assert.match(stderr, /list, replay/);
    });
  }

  function run(...args: string[]) {
    const url = broker().url(vhost.name);
    return runProgram(['dead-letters', ...args, '--transport-url', url, '--log-format', 'json']);
  }
});

/** Has a bridge set these bodies aside. */
async function setAside(
  test: Parameters<typeof start>[0],
  vhost: TestVhost,
  bodies: readonly string[],
): Promise<void> {
  await publish(vhost, bodies);
  const running = start(test, vhost, { prefetch: 1_000 }, (delivery) => {
    delivery.deadLetter({ reason: 'not-json', detail: 'unexpected end' });
  });
  await eventually(() => running.receiver.status().deadLettered === bodies.length);
  await running.receiver.close();
}
