import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type OsloBroker, readOsloBroker } from '../../src/oslo/broker.js';
import { type OsloResult, parseOsloConfig } from '../../src/oslo/config.js';
import { askPython } from './python.js';

/** Reads each file as a service does: its options registered, the URL's query laid over `[oslo_messaging_rabbit]`. */
const PROGRAM = `
import json, logging, os, sys, tempfile
from oslo_config import cfg
from oslo_messaging import transport
from oslo_messaging._drivers import common, impl_rabbit
from oslo_messaging.notify import notifier
logging.disable(logging.CRITICAL)

def read(case):
    with tempfile.TemporaryDirectory() as directory:
        names = []
        for index, text in enumerate(case['files']):
            names.append(os.path.join(directory, '%d.conf' % index))
            with open(names[-1], 'w') as file:
                file.write(text)
        os.environ.update(case['env'])
        conf = cfg.ConfigOpts()
        conf.register_opts(transport._transport_opts)
        conf.register_opts(notifier._notifier_opts, group='oslo_messaging_notifications')
        conf.register_opts(impl_rabbit.rabbit_opts, group='oslo_messaging_rabbit')
        conf.register_opts([cfg.StrOpt('my_ip'), cfg.StrOpt('rabbit_password')])
        conf.register_opts([cfg.StrOpt('host')], group='vault')
        conf([], default_config_files=names)
        notifications = conf.oslo_messaging_notifications
        url = notifications.transport_url or conf.transport_url
        parsed = transport.TransportURL.parse(conf, url)
        rabbit = common.ConfigOptsProxy(conf, parsed, 'oslo_messaging_rabbit').oslo_messaging_rabbit
        return {
            'vhost': parsed.virtual_host or '/',
            'hosts': [[h.hostname, h.username, h.password] for h in parsed.hosts],
            'tls': [rabbit.ssl_ca_file, rabbit.ssl_cert_file, rabbit.ssl_key_file] if rabbit.ssl else None,
            'heartbeat': rabbit.heartbeat_timeout_threshold,
        }

table = []
for case in json.load(sys.stdin):
    try:
        table.append(read(case))
    except Exception:
        table.append(None)
    for name in case['env']:
        del os.environ[name]
print(json.dumps(table))
`;

const URL = 'transport_url = rabbit://u:p@h/v';

const FILES = [
  `[DEFAULT]\n${URL}\n`,
  `# c\n\n[DEFAULT]\n; c\ndebug = true\n${URL} # no comment\n\n[database]\nconnection = x\n`,
  '[DEFAULT]\r\ntransport_url: rabbit://u:a;b%23=:c@h1,u:x@h2/v\r\n',
  '[DEFAULT]\ntransport_url = "rabbit://u:p@h/v"\n',
  "[DEFAULT]\ntransport_url = 'rabbit://u:p\"@h/v'\n",
  '[DEFAULT]\ntransport_url = rabbit://u:p@h1,\n    u:p@h2,\n\tu:p@h3/v\nx = 1\n',
  '[DEFAULT]\ntransport_url = rabbit://u:a$$b\\$c$1$@h/v$\n',
  `[DEFAULT]\nmy_ip = 10.0.0.1\nrabbit_password = p$$w\ntransport_url = rabbit://u:$rabbit_password@\${my_ip}/v\n`,
  `[Vault]\nhost = h9\n[DEFAULT]\ntransport_url = rabbit://u:p@\${vault.host}/v\n`,
  `[DEFAULT]\nmy_ip = h4\n${URL}\n[oslo_messaging_notifications]\ntransport_url = rabbit://n:p@$my_ip\n`,
  `[DEFAULT]\n${URL}\n[oslo_messaging_notifications]\ntransport_url =\ndriver = messaging\ndriver=log\ntopics = a, b,,c ,\n`,
  `[DEFAULT]\n${URL}\nnotification_transport_url = rabbit://old:p@h\nnotification_driver=noop\nnotification_topics=t\n`,
  `[DEFAULT]\n${URL}\ntransport_url = rabbit://second:p@h\ncontrol_exchange = nova\n[OSLO_MESSAGING_RABBIT]\nssl = YES\nssl_ca_file = /etc/ca.pem\n`,
  `[oslo_messaging_rabbit]\nrabbit_use_ssl = 1\nkombu_ssl_ca_certs = a\nkombu_ssl_certfile = b\nkombu_ssl_keyfile = c\n[DEFAULT]\n${URL}\n`,
  `[oslo_messaging_rabbit]\nssl = true\nssl_ca_file = file\nheartbeat_timeout_threshold = 30\n[DEFAULT]\n${URL}?ssl_ca_file=url&heartbeat_timeout_threshold=7\n`,
  `[oslo_messaging_rabbit]\nssl = off\nssl_ca_file = file\n[DEFAULT]\n${URL}?ssl=on\n[oslo_messaging_rabbit]\nssl_key_file = k\n`,
  '[DEFAULT]\ntransport_url = rabbit://u:p@h/v\n[default]\ntransport_url = rabbit://other\n',
];

const WRONG = [
  URL,
  `[DEFAULT\n${URL}`,
  `[DEFAULT] # c\n${URL}`,
  `[]\n${URL}`,
  `[DEFAULT]\n ${URL}`,
  `[DEFAULT]\nx = 1\n\n  y\n${URL}`,
  `[DEFAULT]\nx\n${URL}`,
  `[DEFAULT]\n = x\n${URL}`,
  '[DEFAULT]\ntransport_url = rabbit://u:pa$word@h',
  `[DEFAULT]\ntransport_url = rabbit://u:p@\${nowhere.host}`,
  `[DEFAULT]\nmy_ip = 1\ntransport_url = rabbit://u:p@\${DEFAULT.my_ip}`,
  '[DEFAULT]\nmy_ip = $rabbit_password\nrabbit_password = $my_ip\ntransport_url = rabbit://u:p@$my_ip',
  `[DEFAULT]\n${URL}\n[oslo_messaging_rabbit]\nssl = maybe`,
  `[DEFAULT]\n${URL}\n[oslo_messaging_rabbit]\nheartbeat_timeout_threshold = 1m`,
  '[DEFAULT]\ntransport_url =',
];

const RABBIT_TLS = '[oslo_messaging_rabbit]\nssl = true\nssl_ca_file = ca.pem\n';
/** Several files of one service, and the environment. */
const LAYERS: Case[] = [
  {
    files: [`[DEFAULT]\n${URL}\n${RABBIT_TLS}`, '[DEFAULT]\ntransport_url = rabbit://u:secret@h2/v\n'],
    env: {},
  },
  {
    files: [
      `[oslo_messaging_rabbit]\nssl = 1\nssl_ca_file = new\n`,
      `[DEFAULT]\n${URL}\n[oslo_messaging_rabbit]\nkombu_ssl_ca_certs = old\n`,
    ],
    env: {},
  },
  {
    files: [
      `[DEFAULT]\nmy_ip = 1.2.3.4\ntransport_url = rabbit://u:p@$my_ip/v\n`,
      '[DEFAULT]\nmy_ip = 5.6.7.8\n',
    ],
    env: {},
  },
  { files: [`[DEFAULT]\n${URL}\n`], env: { OS_DEFAULT__TRANSPORT_URL: 'rabbit://e:p@env/v' } },
  {
    files: [`[DEFAULT]\n${URL}\n${RABBIT_TLS}`],
    env: {
      OS_OSLO_MESSAGING_RABBIT__SSL_CA_FILE: 'env.pem',
      OS_OSLO_MESSAGING_NOTIFICATIONS__TRANSPORT_URL: 'rabbit://n:p@notify/v',
    },
  },
  {
    files: [`[DEFAULT]\n${URL}\nmy_ip = 9.9.9.9\n`],
    env: { OS_DEFAULT__TRANSPORT_URL: 'rabbit://e:p@$my_ip/v', OS_PASSWORD: 'x' },
  },
];

interface Case {
  readonly files: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const alone = (text: string): Case => ({ files: [text], env: {} });

function readCase({ files, env }: Case): OsloResult<OsloBroker> {
  const config = parseOsloConfig(
    files.map((text, index) => [`${index}.conf`, text]),
    env,
  );
  return config.ok ? readOsloBroker(config.value, 'file') : config;
}

describe("services' files", () => {
  it('are read as oslo.config and oslo.messaging read them, several of one service and the environment too', () => {
    const cases = [...FILES.map(alone), ...LAYERS];
    const table = askPython(PROGRAM, cases) as unknown[];
    for (const [index, each] of cases.entries()) {
      const read = readCase(each);
      assert.ok(read.ok, read.ok ? '' : read.problem);
      const { hosts, vhost, tls, heartbeatSeconds } = read.value.address;
      const got = {
        vhost,
        hosts: hosts.map(({ host, username, password }) => [host, username, password]),
        tls: tls === undefined ? null : [tls.ca ?? '', tls.cert ?? '', tls.key ?? ''],
        heartbeat: heartbeatSeconds ?? 60,
      };
      assert.deepEqual(got, table[index], JSON.stringify(each));
    }
  });

  it('are refused where a service would not start with them', () => {
    const table = askPython(PROGRAM, WRONG.map(alone)) as unknown[];
    for (const [index, text] of WRONG.entries()) {
      assert.equal(table[index], null, text);
      assert.equal(readCase(alone(text)).ok, false, text);
    }
  });
});
