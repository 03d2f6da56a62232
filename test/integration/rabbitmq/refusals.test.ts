import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { broker, type TestVhost } from '../../support/rabbitmq.js';
import { publish, start, untilConsuming, untilWaitingFor } from './support.js';

describe('what the broker refuses', { timeout: 120_000 }, () => {
  let vhost: TestVhost;
  before(async () => {
    vhost = await broker().createVhost();
    await publish(vhost, []);
  });
  after(() => vhost.remove());

  it('names a wrong password, and never prints it', async (test) => {
    const { username } = await vhost.createUser();
    const address = vhost.address({ username, password: 'not-the-password' });
    const running = start(test, vhost, { address });
    await untilWaitingFor(running, /does not accept user "user-.*" with this password/);
    assert.match(running.log.text, /correct user and password/);
    assert.doesNotMatch(running.log.text, /not-the-password/);
  });

  it('uses the credentials of the host before those of the address', async (test) => {
    const user = await vhost.createUser({ configure: '.*', write: '.*', read: '.*' });
    const address = vhost.address({ username: 'nobody', password: 'nothing' });
    const hosts = address.hosts.map((host) => ({ ...host, ...user }));
    await untilConsuming(start(test, vhost, { address: { ...address, hosts } }));
  });

  it('names a virtual host that does not exist, or that the user may not enter', async (test) => {
    const missing = start(test, vhost, { address: { ...vhost.address(), vhost: 'no-such-vhost' } });
    await untilWaitingFor(missing, /into the virtual host "no-such-vhost"/);
    const stranger = start(test, vhost, { address: vhost.address(await vhost.createUser()) });
    await untilWaitingFor(stranger, /does not let user "user-.*" into the virtual host "test-/);
    assert.match(stranger.log.text, /list_user_permissions/);
  });

  it('names the permission that is missing, and goes on when it is granted', async (test) => {
    const user = await vhost.createUser({ configure: '^osprofiler-otel-bridge', write: '^$', read: '^$' });
    const running = start(test, vhost, { address: vhost.address(user) });
    await untilWaitingFor(running, /lacks a permission.*access to queue 'profiler\.info'/);
    assert.match(running.log.text, /grant read on the queue/);
    await broker().management('PUT', `permissions/${vhost.name}/${user.username}`, {
      configure: '^osprofiler-otel-bridge',
      write: '^$',
      read: '^profiler\\.info$',
    });
    await untilConsuming(running);
    assert.equal(running.receiver.status().reconnects, 0);
  });

  it('names the permission that the lock needs, which a bridge that is not exclusive can do without', async (test) => {
    const user = await vhost.createUser({ configure: '^$', write: '^$', read: '.*' });
    const address = vhost.address(user);
    const running = start(test, vhost, { address });
    await untilWaitingFor(running, /access to queue 'osprofiler-otel-bridge\.lock\.profiler\.info'/);
    assert.match(running.log.text, /grant configure on it \(for the lock/);
    await running.receiver.close();
    await untilConsuming(start(test, vhost, { address, exclusive: false }));
  });
});
