import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type BrokerAddress,
  describeAddress,
  parseTransportUrl,
  redactTransportUrl,
} from '../../src/oslo/transport-url.js';

function address(text: string, defaults?: ReadonlyMap<string, string>): BrokerAddress {
  const parsed = parseTransportUrl(text, defaults);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.problem);
  return parsed.address;
}

function problem(text: string): string {
  const parsed = parseTransportUrl(text);
  assert.equal(parsed.ok, false, `${text} is taken`);
  return parsed.ok ? '' : parsed.problem;
}

describe('a transport URL', () => {
  it('gives hosts in order, each with its own credentials, and the virtual host', () => {
    assert.deepEqual(address('rabbit://nova:s3cret@h1:5673,glance:other@h2/stack'), {
      hosts: [
        { host: 'h1', port: 5673, username: 'nova', password: 's3cret' },
        { host: 'h2', port: 5672, username: 'glance', password: 'other' },
      ],
      username: 'nova',
      password: 's3cret',
      vhost: 'stack',
    });
  });

  it('lends the first credentials to hosts without any', () => {
    const { hosts, username, password } = address('rabbit://h1,nova:pw@h2,h3');
    assert.deepEqual([username, password], ['nova', 'pw']);
    assert.deepEqual(
      hosts.map((host) => host.username),
      [undefined, 'nova', undefined],
    );
  });

  it('fills in guest where a user name or password is missing, as kombu does', () => {
    assert.deepEqual(address('rabbit://').hosts, [{ host: 'localhost', port: 5672 }]);
    for (const [text, username, password] of [
      ['rabbit://h', 'guest', 'guest'],
      ['rabbit://:@h', 'guest', 'guest'],
      ['rabbit://nova@h', 'nova', 'guest'],
      ['rabbit://nova:@h', 'nova', 'guest'],
      ['rabbit://:pw@h', 'guest', 'pw'],
    ] as const) {
      const got = address(text);
      assert.deepEqual([got.username, got.password], [username, password], text);
    }
  });

  it('decodes user, password and virtual host once', () => {
    const got = address('rabbit://us%40er:p%2Fw%253A%23@h/%2Fa%2525b');
    assert.deepEqual([got.username, got.password, got.vhost], ['us@er', 'p/w%3A#', '/a%25b']);
  });

  it('leaves what is no escape as it is and replaces bytes that are not UTF-8', () => {
    const got = address('rabbit://u%zz:100%@h/%FF%c3%a9');
    assert.deepEqual([got.username, got.password, got.vhost], ['u%zz', '100%', '\uFFFDé']);
  });

  it('takes / for a virtual host that is not named, or written //', () => {
    for (const text of ['rabbit://h', 'rabbit://h/', 'rabbit://h//', 'rabbit://h/%2F', 'rabbit://h?ssl=0']) {
      assert.equal(address(text).vhost, '/', text);
    }
    assert.equal(address('rabbit://h//stack').vhost, '/stack');
  });

  it('takes IPv6 addresses in brackets', () => {
    assert.deepEqual(address('rabbit://u:p@[::1]:5673,[2001:db8::2]/').hosts, [
      { host: '::1', port: 5673, username: 'u', password: 'p' },
      { host: '2001:db8::2', port: 5672 },
    ]);
  });

  it('takes a URL that was continued over several lines', () => {
    assert.equal(address('rabbit://u:p@h1,\n\tu:p@h2/v\r\n').hosts.length, 2);
  });

  it('takes the schemes of oslo.messaging and of RabbitMQ, in any case', () => {
    for (const scheme of ['rabbit', 'RABBIT', 'kombu', 'kombu+amqp', 'kombu+pyamqp', 'amqp']) {
      assert.equal(address(`${scheme}://h`).tls, undefined, scheme);
    }
    for (const scheme of ['amqps', 'kombu+amqps']) {
      assert.deepEqual(address(`${scheme}://h`).tls, { verify: true }, scheme);
    }
  });
});

describe('the options of a transport URL', () => {
  it('switch TLS on, with files', () => {
    const got = address(
      'rabbit://u:p@h/?ssl=True&ssl_ca_file=/etc/ca.pem&ssl_cert_file=c%20d.pem&ssl_key_file=k+l.pem&ssl_key_password=a%26b',
    );
    assert.deepEqual(got.tls, {
      ca: '/etc/ca.pem',
      cert: 'c d.pem',
      key: 'k l.pem',
      passphrase: 'a&b',
      verify: true,
    });
  });

  it("leave a host's port at 5672, as oslo.messaging does, also with TLS; only amqps:// has a port of its own", () => {
    for (const [text, ...expected] of [
      ['rabbit://u:p@h,i:5671/?ssl=1', 5672, 5671],
      ['rabbit://?ssl=1', 5672],
      ['amqp://h/?ssl=1', 5672],
      ['kombu+amqps://h', 5672],
      ['amqps://h,i:5672', 5671, 5672],
      ['amqps://', 5671],
    ] as const) {
      const { hosts, tls } = address(text);
      assert.ok(tls, text);
      assert.deepEqual(
        hosts.map(({ port }) => port),
        expected,
        text,
      );
    }
  });

  it('are also taken under the names that RabbitMQ documents', () => {
    const got = address(
      'amqps://h/?cacertfile=ca&certfile=c&keyfile=k&password=pw&verify=verify_none&server_name_indication=mq&heartbeat=9',
    );
    assert.deepEqual(got.tls, {
      ca: 'ca',
      cert: 'c',
      key: 'k',
      passphrase: 'pw',
      verify: false,
      serverName: 'mq',
    });
    assert.equal(got.heartbeatSeconds, 9);
  });

  it('are nothing but files that wait for TLS when it is off', () => {
    assert.equal(address('rabbit://h/?ssl_ca_file=/etc/ca.pem').tls, undefined);
    assert.equal(address('rabbit://h/?ssl=no&ssl_ca_file=/etc/ca.pem').tls, undefined);
  });

  it('give the heartbeat in seconds', () => {
    assert.equal(address('rabbit://h/?heartbeat_timeout_threshold=30').heartbeatSeconds, 30);
    assert.equal(address('rabbit://h/?heartbeat_timeout_threshold=0').heartbeatSeconds, 0);
    assert.equal('heartbeatSeconds' in address('rabbit://h/?heartbeat_timeout_threshold='), false);
  });

  it('win over defaults, which fill in the rest', () => {
    const defaults = new Map([
      ['ssl', 'true'],
      ['ssl_ca_file', '/file'],
      ['heartbeat_timeout_threshold', '20'],
    ]);
    const got = address('rabbit://h/?cacertfile=/url', defaults);
    assert.deepEqual([got.tls, got.heartbeatSeconds], [{ ca: '/url', verify: true }, 20]);
    assert.equal(address('rabbit://h/?ssl=false', defaults).tls, undefined);
  });

  it('without effect are named', () => {
    const parsed = parseTransportUrl(
      'rabbit://h/?rabbit_ha_queues=true&ssl=1&ssl_enforce_hostname_verification=false&x=y&ssl_enforce_hostname_verification=',
    );
    assert.deepEqual(parsed.ok && parsed.ignored, [
      'rabbit_ha_queues',
      'ssl_enforce_hostname_verification',
      'x',
    ]);
    const asked = parseTransportUrl('amqps://h/?ssl_enforce_hostname_verification=1');
    assert.deepEqual(asked.ok && asked.ignored, []);
  });
});

describe('a wrong transport URL', () => {
  it('is answered with what is wrong and what would be right', () => {
    for (const [text, expected] of [
      ['', /begins with none of rabbit:\/\//],
      ['nova:pw@h', /expected rabbit:\/\/user:password@host:5672\/vhost/],
      ['http://h', /begins with none/],
      ['kombu+memory://', /begins with none/],
      ['rabbit:h', /begins with none/],
      ['rabbit://u:p@', /host 1 in the transport URL has no name/],
      ['rabbit://h1,u:p@:5672', /host 2 in the transport URL has no name/],
      ['rabbit://u:p@h:port', /port of host 1 in the transport URL is not a number from 1 to 65535/],
      ['rabbit://u:p@h:0', /is not a number from 1/],
      ['rabbit://u:p@h:65536', /is not a number from 1/],
      ['rabbit://u:p#w@h', /are to be percent-encoded/],
      ['rabbit://u:p@::1', /IPv6 address goes in brackets/],
      ['rabbit://u:p@[::1', /brackets/],
      ['rabbit://u:p@[h]', /something other than an IPv6 address/],
      ['rabbit://u:p@a b/', /no host has/],
      ['rabbit://h/?ssl=maybe', /option ssl is not a boolean: use true or false/],
      ['rabbit://h/?ssl=1&ssl=1', /option ssl is not a boolean/],
      ['amqps://h/?ssl=0', /leave out one/],
      ['amqps://h/?verify=no', /neither verify_peer nor verify_none/],
      ['rabbit://h/?heartbeat_timeout_threshold=1.5', /not a number of seconds from 0 to 65535/],
      ['rabbit://h/?heartbeat_timeout_threshold=65536', /not a number of seconds/],
    ] as const) {
      assert.match(problem(text), expected, text);
    }
  });

  it('is answered with all that is wrong at once', () => {
    assert.match(problem('rabbit://h:x/?ssl=y2'), /ssl.*; the port of host 1/);
  });
});

describe('what is shown of a transport URL', () => {
  it('has every host and user and can be read again', () => {
    const shown = describeAddress(address('rabbit://no%40va:pw@h1,other:pw@[::1]:1,h3/a%2Fb?ssl=1'));
    assert.equal(shown, 'rabbit://no%40va@h1:5672,other@[::1]:1,h3:5672/a%2Fb');
    assert.equal(describeAddress(address(shown)), shown);
    assert.equal(describeAddress(address('rabbit://h//')), 'rabbit://guest@h:5672/');
  });

  it('is redacted even when it cannot be read', () => {
    for (const [text, expected] of [
      ['rabbit://u:pw@h1:5672/v?ssl=1&ssl_key_password=x&y=z', 'rabbit://***@h1:5672/v?ssl=1&***&***'],
      ['rabbit://u:pw@h1,u:pw@h2/v', 'rabbit://***@h2/v'],
      ['rabbit://u:p/w@h', 'rabbit://***@h'],
      ['rabbit://u:p?w@h', 'rabbit://***'],
      ['rabbit://u:pw@h/?password=a@b', 'rabbit://***'],
      ['rabbit://u:pw', 'rabbit://***'],
      ['u:pw@h', '***@h'],
      ['u:pw', '***'],
      ['', '***'],
      ['rabbit://h1:5672,[::1]:5672/v?ssl=1&password=x', 'rabbit://h1:5672,[::1]:5672/v?ssl=1&***'],
      ['rabbit://', 'rabbit://'],
    ] as const) {
      assert.equal(redactTransportUrl(text), expected, text);
    }
  });

  const text = fc.string({ unit: 'grapheme', maxLength: 20 });
  const settings = { seed: 20, numRuns: 400 };

  it('does not depend on a password that was encoded', () => {
    const secret = text.filter((password) => password !== '').map(encodeURIComponent);
    fc.assert(
      fc.property(secret, secret, text.map(encodeURIComponent), (one, other, user) => {
        const urls = [one, other].map(
          (pw) => `rabbit://${user}:${pw}@h1,i:${pw}@h2:1/v?ssl=1&ssl_key_password=${pw}`,
        );
        assert.equal(redactTransportUrl(urls[0] ?? ''), redactTransportUrl(urls[1] ?? ''));
        assert.equal(describeAddress(address(urls[0] ?? '')), describeAddress(address(urls[1] ?? '')));
        assert.equal(address(urls[0] ?? '').password, decodeURIComponent(one));
      }),
      settings,
    );
  });

  it('does not depend on a password that was not encoded, and neither does a problem', () => {
    const awkward = fc.string({ unit: fc.constantFrom(...'aZ9/#@:,%[]&=+$ é'), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(awkward, (password) => {
        assert.equal(redactTransportUrl(`rabbit://u:${password}@h/v?ssl=1`), 'rabbit://***@h/v?ssl=1');
        const marked = `XX${password}XX`;
        const parsed = parseTransportUrl(`rabbit://u:${marked}@h:port/v?ssl=${marked}`);
        assert.ok(!parsed.ok && !parsed.problem.includes('XX'));
      }),
      settings,
    );
  });

  it('never fails, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (rest) => {
        for (const each of [rest, `rabbit://${rest}`, `amqps://u:p@h/${rest}`]) {
          redactTransportUrl(each);
          const parsed = parseTransportUrl(each);
          if (parsed.ok) {
            describeAddress(parsed.address);
          }
        }
      }),
      settings,
    );
  });
});
