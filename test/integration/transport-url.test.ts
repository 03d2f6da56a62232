import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseTransportUrl } from '../../src/oslo/transport-url.js';
import { askPython } from './python.js';

/** The port is the one in the URL that oslo.messaging's rabbit driver makes of each host for kombu. */
const PROGRAM = `
import json, logging, sys
from urllib.parse import urlsplit
from oslo_config import cfg
import oslo_messaging
from oslo_messaging._drivers.impl_rabbit import Connection
logging.disable(logging.CRITICAL)
driver = Connection.__new__(Connection)
def port(url, host):
    bare = oslo_messaging.TransportHost(host.hostname, host.port)
    return urlsplit(driver._transform_transport_url(url, bare, default_hostname='localhost')).port
table = []
for url in json.load(sys.stdin):
    try:
        parsed = oslo_messaging.TransportURL.parse(cfg.ConfigOpts(), url)
        table.append({
            'vhost': parsed.virtual_host,
            'query': parsed.query,
            'hosts': [[h.hostname, port(parsed, h), h.username, h.password]
                      for h in parsed.hosts or [oslo_messaging.TransportHost('')]],
        })
    except Exception:
        table.append(None)
print(json.dumps(table))
`;

interface OsloUrl {
  vhost: string | null;
  query: Record<string, string>;
  hosts: [string | null, number, string | null, string | null][];
}

/** Read by both, alike. (Several hosts in brackets are not here: Python 3.11.4 and later refuse them before oslo.messaging sees them.) */
const URLS = [
  'rabbit://',
  'rabbit:///',
  'rabbit:///stack',
  'rabbit:/',
  'rabbit:/stack',
  'rabbit://h',
  'rabbit://h/',
  'rabbit://h//',
  'rabbit://h///',
  'rabbit://h//stack/',
  'rabbit://h/a/b',
  'rabbit://h/%2F',
  'rabbit://h/%2Fstack%20a+b',
  'rabbit://h/%252F',
  'rabbit://h/v;x=1',
  'rabbit://h/v?',
  'rabbit://h/v#fragment?ssl=1',
  'rabbit://h?heartbeat_timeout_threshold=5',
  'RABBIT://Host.Example:5672/V',
  'rabbit://u:p@h:5672/v',
  'rabbit://u:p@h:/v',
  'rabbit://u@h',
  'rabbit://u:@h',
  'rabbit://:p@h',
  'rabbit://:@h',
  'rabbit://@h',
  'rabbit://u:p:q@h',
  'rabbit://u:p@q@h',
  'rabbit://u@dom:p@h',
  'rabbit://u%40d:p%3A%2F%3F%23%5B%5D%40@h',
  "rabbit://u:a!b$c'(d)*e;f=g&h~i@h",
  'rabbit://u:%E2%82%AC%20%C3%A9@h/%E6%97%A5',
  'rabbit://u:€é@h/日',
  'rabbit://u:%FF%fe%c3(@h/%80',
  'rabbit://u:100%@h/%zz%4',
  'rabbit://u:%00%0A@h/%0d',
  'rabbit://u:a+b@h/a+b',
  'rabbit://u:p@h1:5671,u2:p2@h2:5673,h3,h4:1/v',
  'rabbit://h1,u:p@h2',
  'rabbit://u:p@h1,,u:p@h2,/v',
  'rabbit://u:p@[::1]:5672/v',
  'rabbit://u:p@[2001:db8::2]/v',
  'rabbit://u:p@h1,\nu:p@h2/\tv',
  'kombu+amqp://u:p@h/v?ssl=1&ssl_ca_file=%2Fetc%2Fca.pem&ssl_cert_file=a+b&ssl_key_file=',
  'rabbit://?ssl=1',
  'rabbit://u:p@h1,u:p@h2:5671,u:p@[::1]/v?ssl=True',
  'kombu+amqps://u:p@h1,u:p@h2:5671/v',
  'rabbit://h/?ssl=1&ssl_ca_file=a&ssl_ca_file=b',
  'rabbit://h/?ssl=1&ssl_ca_file=%FFa&ssl_cert_file=x=y;z&ssl_key_file',
];

/** Refused by both. */
const WRONG = [
  '',
  'h',
  // Parsed by oslo.messaging, whose driver then fails: TypeError: argument of type 'NoneType' is not iterable.
  'rabbit://u:p@/bar',
  'rabbit://u:p@h:port',
  'rabbit://u:p#w@h',
  'rabbit://u:p/w@h',
  'rabbit://u:p@::1',
  'rabbit://u:p@[::1',
  'rabbit://h:1,h2:x',
];

describe('transport URLs', () => {
  it('are read as oslo.messaging reads them', () => {
    const table = askPython(PROGRAM, URLS) as (OsloUrl | null)[];
    for (const [index, url] of URLS.entries()) {
      const oslo = table[index];
      assert.ok(oslo, `oslo.messaging refuses ${url}`);
      const parsed = parseTransportUrl(url);
      assert.ok(parsed.ok, `${url} is refused: ${parsed.ok || parsed.problem}`);
      const { hosts, vhost, tls, heartbeatSeconds } = parsed.address;
      const got = {
        vhost,
        hosts: hosts.map(({ host, port, username, password }) => [host, port, username, password]),
        ca: tls?.ca,
        cert: tls?.cert,
        key: tls?.key,
        heartbeatSeconds,
      };
      assert.deepEqual(got, expectation(oslo), url);
    }
  });

  it('are refused where oslo.messaging refuses them', () => {
    // An empty URL means the default to oslo.messaging's parser; a service has applied it before.
    const table = askPython(PROGRAM, WRONG.slice(1)) as (OsloUrl | null)[];
    assert.deepEqual(new Set(table), new Set([null]));
    for (const url of WRONG) {
      assert.equal(parseTransportUrl(url).ok, false, url);
    }
  });
});

/** What oslo.messaging leaves open is filled in as kombu does. */
function expectation(oslo: OsloUrl) {
  const hosts = oslo.hosts.map(([host, port, username, password]) => {
    const named = Boolean(username) || Boolean(password);
    return [
      host || 'localhost',
      port,
      ...(named ? [username || 'guest', password || 'guest'] : [undefined, undefined]),
    ];
  });
  const heartbeat = oslo.query['heartbeat_timeout_threshold'];
  return {
    vhost: oslo.vhost || '/',
    hosts,
    ca: oslo.query['ssl_ca_file'],
    cert: oslo.query['ssl_cert_file'],
    key: oslo.query['ssl_key_file'],
    heartbeatSeconds: heartbeat === undefined ? undefined : Number(heartbeat),
  };
}
