/** The policy in examples/openstack/README.md beside one that loses messages, on a real broker. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { it } from 'node:test';
import { broker, eventually } from '../support/rabbitmq.js';

it("the policy for kolla keeps time limits off profiler.info and the bridge's queues, and off no other", async (test) => {
  const text = await readFile('examples/openstack/README.md', 'utf8');
  const [, priority, pattern, definition] =
    /set_policy --priority (\d+) --apply-to queues osprofiler \\\n\s+'([^']+)' '([^']+)'/.exec(text) ?? [];
  assert.ok(pattern && definition);
  const vhost = await broker().createVhost();
  test.after(() => vhost.remove());
  const set = (name: string, body: object) =>
    broker().management('PUT', `policies/${vhost.name}/${name}`, { 'apply-to': 'queues', ...body });
  await set('ha-all', {
    pattern: '^(?!(amq\\.)|(.*_fanout_)|(reply_)).*',
    definition: { 'message-ttl': 600_000, expires: 3_600_000 },
    priority: 0,
  });
  await set('osprofiler', {
    pattern,
    definition: JSON.parse(definition) as object,
    priority: Number(priority),
  });
  const limited = ['nova', 'notifications.info'];
  const ours = ['profiler.info', 'osprofiler-otel-bridge', 'osprofiler-otel-bridge.dead-letters'];
  await vhost.withChannel(async (channel) => {
    for (const queue of [...limited, ...ours]) await channel.assertQueue(queue);
  });
  const queues = await eventually(async () => {
    const listed = (await broker().management('GET', `queues/${vhost.name}`)) as {
      name: string;
      effective_policy_definition?: Record<string, unknown>;
    }[];
    // The management API learns of a queue's policy a moment after it learns of the queue.
    const isKnown = listed.every(({ effective_policy_definition: policy }) => policy !== undefined);
    return listed.length === limited.length + ours.length && isKnown && listed;
  });
  for (const { name, effective_policy_definition: policy = {} } of queues) {
    const hasLimits = 'message-ttl' in policy || 'expires' in policy;
    assert.equal(hasLimits, limited.includes(name), name);
  }
});
