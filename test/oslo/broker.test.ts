import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type OsloBroker, readOsloBroker } from '../../src/oslo/broker.js';
import { type OsloResult, parseOsloConfig } from '../../src/oslo/config.js';

function read(text: string): OsloResult<OsloBroker> {
  const config = parseOsloConfig([['nova.conf', text]]);
  return config.ok ? readOsloBroker(config.value, 'nova.conf') : config;
}

function broker(text: string): OsloBroker {
  const result = read(text);
  assert.ok(result.ok, result.ok ? '' : result.problem);
  return result.value;
}

function problem(text: string): string {
  const result = read(text);
  assert.ok(!result.ok);
  return result.problem;
}

describe("the broker in a service's configuration", () => {
  it('is that of [DEFAULT] transport_url', () => {
    assert.deepEqual(broker('[DEFAULT]\ntransport_url = rabbit://nova:pw@h1,nova:pw@h2:5673/stack\n'), {
      address: {
        hosts: [
          { host: 'h1', port: 5672, username: 'nova', password: 'pw' },
          { host: 'h2', port: 5673, username: 'nova', password: 'pw' },
        ],
        username: 'nova',
        password: 'pw',
        vhost: 'stack',
      },
      ignored: [],
    });
  });

  it('is that of the notifications when they have one of their own', () => {
    for (const text of [
      '[DEFAULT]\ntransport_url = rabbit://rpc\n[oslo_messaging_notifications]\ntransport_url = rabbit://notify',
      '[DEFAULT]\ntransport_url = rabbit://rpc\nnotification_transport_url = rabbit://notify',
    ]) {
      assert.equal(broker(text).address.hosts[0]?.host, 'notify');
    }
    const empty =
      '[DEFAULT]\ntransport_url = rabbit://rpc\n[oslo_messaging_notifications]\ntransport_url =\n';
    assert.equal(broker(empty).address.hosts[0]?.host, 'rpc');
  });

  it('keeps passwords with #, ; and $$ whole', () => {
    const read = broker('[DEFAULT]\ntransport_url = rabbit://u:a;b%23c$$d\\$e=f:g@h/v ; x\n');
    assert.equal(read.address.password, 'a;b#c$d$e=f:g');
    assert.equal(read.address.vhost, 'v ; x');
  });

  it('may be written over several lines and with references', () => {
    const read = broker(
      '[DEFAULT]\nmy_ip = ::1\npw = s\ntransport_url = rabbit://u:$pw@[$my_ip],\n   u:$pw@h2/v\n',
    );
    assert.deepEqual(
      read.address.hosts.map((host) => `${host.host} ${host.password}`),
      ['::1 s', 'h2 s'],
    );
  });

  it('speaks TLS as [oslo_messaging_rabbit] says, under newer and older names', () => {
    for (const [ssl, ca, cert, key] of [
      ['ssl', 'ssl_ca_file', 'ssl_cert_file', 'ssl_key_file'],
      ['rabbit_use_ssl', 'kombu_ssl_ca_certs', 'kombu_ssl_certfile', 'kombu_ssl_keyfile'],
    ]) {
      const read = broker(
        `[oslo_messaging_rabbit]\n${ssl} = True\n${ca}=ca\n${cert}=cert\n${key}=key\nssl_key_password = "p w"\nheartbeat_timeout_threshold = 30\n[DEFAULT]\ntransport_url = rabbit://h`,
      );
      assert.deepEqual(read.address.tls, {
        ca: 'ca',
        cert: 'cert',
        key: 'key',
        passphrase: 'p w',
        verify: true,
      });
      assert.equal(read.address.heartbeatSeconds, 30);
      assert.equal(read.address.hosts[0]?.port, 5672);
    }
  });

  it("lets the URL's own options win", () => {
    const read = broker(
      '[DEFAULT]\ntransport_url = rabbit://h/?ssl_ca_file=url&heartbeat_timeout_threshold=5&rabbit_ha_queues=1\n[oslo_messaging_rabbit]\nssl=1\nssl_ca_file=file\nheartbeat_timeout_threshold=30',
    );
    assert.deepEqual([read.address.tls?.ca, read.address.heartbeatSeconds], ['url', 5]);
    assert.deepEqual(read.ignored, ['rabbit_ha_queues']);
  });

  it('takes the last of several values', () => {
    assert.equal(
      broker('[DEFAULT]\ntransport_url=rabbit://a\ntransport_url=rabbit://b').address.hosts[0]?.host,
      'b',
    );
  });
});

describe('a problem with it', () => {
  it('names the file and the place, and never a password', () => {
    for (const [text, expected] of [
      ['[DEFAULT]\nsecret', /^nova\.conf: line 2 is no assignment/],
      ['[DEFAULT]\ndebug = true', /^nova\.conf sets no transport_url; expected one in \[DEFAULT\] or/],
      ['[DEFAULT]\ntransport_url = rabbit://u:se$cret@h', /^nova\.conf: line 2 refers with \$/],
      ['[DEFAULT]\ntransport_url = rabbit://u:secret#@h', /^nova\.conf: transport_url .*percent-encoded/],
      [
        '[DEFAULT]\ntransport_url = rabbit://h\n[oslo_messaging_rabbit]\nssl = secret',
        /option ssl is not a boolean/,
      ],
      ['[DEFAULT]\ntransport_url =\n', /begins with none/],
    ] as const) {
      const got = problem(text);
      assert.match(got, expected);
      assert.doesNotMatch(got, /se\$?cret/);
    }
  });
});
