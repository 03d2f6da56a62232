import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { maskQuery, maskText, maskUrl, maskValue } from '../../../src/mapping/masking/mask.js';

const FERNET = `gAAAAABl${'Zk3_x-9Q'.repeat(12)}==`;
const BCRYPT = '$2b$12$TNRKlDyE5yfa8LwGUiWYv.p5g8aaHu4SwJYz3XK1bqgM0Vw9hE1aO';
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P';
const raw = String.raw;

/** A text and what becomes of it. */
type Cases = readonly (readonly [text: string, masked: string])[];

const PYTHON: Cases = [
  ["{'admin_password': 'x1', 'name': 'vm1'}", "{'admin_password': '***', 'name': 'vm1'}"],
  ["{'name': 'vm1', 'admin_password': 'x1'}", "{'name': 'vm1', 'admin_password': '***'}"],
  [`{'adminPass': "it's", 'n': 1}`, `{'adminPass': "***", 'n': 1}`],
  [raw`{'adminPass': 'it\'s "q"', 'n': 1}`, "{'adminPass': '***', 'n': 1}"],
  ["{b'password': b'x', 'n': 1}", "{b'password': b'***', 'n': 1}"],
  ["{u'password': u'x', u'n': 1}", "{u'password': u'***', u'n': 1}"],
  [raw`{'password': b'a\'\x00', 'n': 1}`, "{'password': b'***', 'n': 1}"],
  ["{'password': 12345, 'n': 1}", "{'password': '***', 'n': 1}"],
  ["{'secret': True}", "{'secret': '***'}"],
  ["{'auth': {'user': 'a', 'pw': ['x', {'y': ')'}]}, 'n': 1}", "{'auth': '***', 'n': 1}"],
  ["{'credentials': [('a', 'b'), 'c]'], 'n': 1}", "{'credentials': '***', 'n': 1}"],
  ["{'credentials': ('a', 'b'), 'n': 1}", "{'credentials': '***', 'n': 1}"],
  ["{'tokens': {'a', 'b'}, 'n': 1}", "{'tokens': '***', 'n': 1}"],
  ["{'password': SecretStr('x, y'), 'n': 1}", "{'password': '***', 'n': 1}"],
  ["{'token': <Token id='x>y', 'z'>, 'n': 1}", "{'token': '***', 'n': 1}"],
  ["<Secret object at 0x7f, password='x'>", "<Secret object at 0x7f, password='***'>"],
  ['<Context auth_token=abc>', '<Context auth_token=***>'],
  ["Instance(admin_pass='x',name='vm1')", "Instance(admin_pass='***',name='vm1')"],
  ['Instance(id=1,admin_pass=x,name=vm1)', 'Instance(id=1,admin_pass=***,name=vm1)'],
  ['Volume(provider_auth=CHAP,size=1)', 'Volume(provider_auth=***,size=1)'],
  ["[('X-Auth-Token', 'x'), ('Accept', '*/*')]", "[('X-Auth-Token', '***'), ('Accept', '*/*')]"],
  ["[['X-Auth-Token', 'x'], ['Accept', 'y']]", "[['X-Auth-Token', '***'], ['Accept', 'y']]"],
  ["['nova', '--os-password', 'x', 'list']", "['nova', '--os-password', '***', 'list']"],
  ["headers['X-Auth-Token'] = 'x'", "headers['X-Auth-Token'] = '***'"],
  [`{'body': '{"password": "x", "n": 1}'}`, `{'body': '{"password": "***", "n": 1}'}`],
  [raw`{'body': '{"password": "a\\", b", "n": 1}'}`, `{'body': '{"password": "***", "n": 1}'}`],
  [raw`{'a': '{\'password\': "it\'s", \'n\': 1}'}`, raw`{'a': '{\'password\': "***", \'n\': 1}'}`],
  [raw`'{\'password\': \'x\', \'n\': 1}'`, raw`'{\'password\': \'***\', \'n\': 1}'`],
  ["{'db': {'password_hash_1': 'abc'}}", "{'db': {'password_hash_1': '***'}}"],
  ["{'user_data': 'I2Nsb3VkLWNvbmZpZw==', 'x': 1}", "{'user_data': '***', 'x': 1}"],
  ["{'injected_files': [('/etc/x', 'abc')], 'x': 1}", "{'injected_files': '***', 'x': 1}"],
  ["[(b'X-Auth-Token', b'x'), (b'Accept', b'y')]", "[(b'X-Auth-Token', b'***'), (b'Accept', b'y')]"],
  ["[(u'X-Subject-Token', u'x')]", "[(u'X-Subject-Token', u'***')]"],
  ["['swift', '--key', 'x', 'list']", "['swift', '--key', '***', 'list']"],
  ["['ipmitool', '-U', 'a', '-P', 'x', 'power']", "['ipmitool', '-U', 'a', '-P', '***', 'power']"],
  ["{'name': 'password', 'value': 'x', 'n': 1}", "{'name': 'password', 'value': '***', 'n': 1}"],
  ["{'key': 'admin_pass', 'value': u'x'}", "{'key': 'admin_pass', 'value': u'***'}"],
  ["Option(name='password', value='x')", "Option(name='password', value='***')"],
  [`{'password': """x 'y' "z" """, 'n': 1}`, `{'password': """***""", 'n': 1}`],
  [`{"""password""": 'x', 'n': 1}`, `{"""password""": '***', 'n': 1}`],
  [
    "{'payload': 'x', 'payload_content_type': 'text/plain'}",
    "{'payload': '***', 'payload_content_type': 'text/plain'}",
  ],
];

const JSON_TEXTS: Cases = [
  ['{"adminPass": "x", "n": 1}', '{"adminPass": "***", "n": 1}'],
  ['{"adminPass":"x","n":1}', '{"adminPass":"***","n":1}'],
  [raw`{"adminPass": "a\"b\\", "n": 1}`, raw`{"adminPass": "***": 1}`],
  [raw`{"adminPass": "a\"b", "n": 1}`, '{"adminPass": "***", "n": 1}'],
  ['{"auth": {"identity": {"password": {}}}, "n": 1}', '{"auth": "***", "n": 1}'],
  ['{"token":\n  "x"}', '{"token":\n  "***"}'],
  ['{"api_key": 17}', '{"api_key": "***"}'],
  [raw`{"spec": "{\"password\": \"x\", \"n\": 1}"}`, raw`{"spec": "{\"password\": \"***\", \"n\": 1}"}`],
  [raw`{"spec": "{\"auth\": {\"u\": \"}\"}, \"n\": 1}"}`, raw`{"spec": "{\"auth\": \"***\", \"n\": 1}"}`],
  [raw`"\"{\\\"token\\\": \\\"x\\\", 1"`, raw`"\"{\\\"token\\\": \\\"***\\\", 1"`],
  [raw`{"kwargs": "{'token': \"it's\", 'n': 1}"}`, raw`{"kwargs": "{'token': \"***\", 'n': 1}"}`],
  [raw`{"spec": "{\"pin_code\": 1, \"token\": 17"}`, raw`{"spec": "{\"pin_code\": 1, \"token\": \"***\""}`],
];

const LOOSE: Cases = [
  ['password=x name=vm1', 'password=*** name=vm1'],
  ['password = x, name=vm1', 'password = ***, name=vm1'],
  ['(password=x)', '(password=***)'],
  ['grant_type=password&password=x&user=me', 'grant_type=password&password=***&user=me'],
  ['user[password]=x', 'user[password]=***'],
  ['ADMIN_PASS=x;NAME=y', 'ADMIN_PASS=***;NAME=y'],
  ['X-Auth-Token: abc next', 'X-Auth-Token: *** next'],
  ["-H 'X-Auth-Token: abc' -H 'Accept: x'", "-H 'X-Auth-Token: ***' -H 'Accept: x'"],
  ['Authorization: Bearer abc.def next', 'Authorization: *** next'],
  ['Authorization: Basic dTpw\r\nHost: x', 'Authorization: ***\r\nHost: x'],
  ['Authorization: Digest username="u", response="r"\nHost: x', 'Authorization: ***\nHost: x'],
  [`-H 'Authorization: Digest a="b", c="d"' -v`, "-H 'Authorization: ***' -v"],
  [raw`'Cookie: a=b; c=d\r\nHost: x'`, raw`'Cookie: ***\r\nHost: x'`],
  ['openstack --os-password x server list', 'openstack --os-password *** server list'],
  ['openstack --password=a,b --debug', 'openstack --password=*** --debug'],
  ["openstack --password 'a b' --debug", "openstack --password '***' --debug"],
  ['mysql --password "a b"', 'mysql --password "***"'],
  ['<adminPass>x y</adminPass><name>n</name>', '<adminPass>***</adminPass><name>n</name>'],
  ['<ns:password>x</ns:password>', '<ns:password>***</ns:password>'],
  ['<password type="text">x</password>', '<password type="text">***</password>'],
  ['<password><![CDATA[a<b]]></password>', '<password>***</password>'],
  ['<server adminPass="x" id="1"/>', '<server adminPass="***" id="1"/>'],
  ['Invalid password: x', 'Invalid password: ***'],
  ["Invalid password 'x' for a", "Invalid password '***' for a"],
  ['secret "x";', 'secret "***";'],
  ['password := x', 'password := ***'],
  ["test = 'node.session.auth.password','-v','x','n'", "test = 'node.session.auth.password','-v','***','n'"],
  ['node.session.auth.password -v x n', 'node.session.auth.password -v *** n'],
  ['<adminPass>\n   x y\n</adminPass><n>1</n>', '<adminPass>***</adminPass><n>1</n>'],
  ['<adminPass> x</adminPass>', '<adminPass>***</adminPass>'],
  ["<password value='x'/>", "<password value='***'/>"],
  ['<password type="t" value="x" n="1"/>', '<password type="t" value="***" n="1"/>'],
  ['&lt;password&gt;x&lt;/password&gt;', '&lt;password&gt;***&lt;/password&gt;'],
  [
    '{&quot;password&quot;: &quot;x&quot;, &quot;n&quot;: 1}',
    '{&quot;password&quot;: &quot;***&quot;, &quot;n&quot;: 1}',
  ],
  ['password: |\n  x\n  y\nname: n', 'password: |\n  ***\nname: n'],
  ['- chpasswd:\n    list: |\n      root:x\n    expire: False\n- n', '- chpasswd:\n    ***\n- n'],
  ['mysql -uroot -px nova', 'mysql -uroot -p*** nova'],
  ["mysqldump -u root -p'x y' nova", "mysqldump -u root -p'***' nova"],
  ['ipmitool -I lanplus -U a -P x power status', 'ipmitool -I lanplus -U a -P *** power status'],
  ['sshpass -p x ssh h', 'sshpass -p *** ssh h'],
  [raw`b'GET /\r\nX-Auth-Token: x\r\nHost: h\r\n'`, raw`b'GET /\r\nX-Auth-Token: ***\r\nHost: h\r\n'`],
];

const URLS: Cases = [
  ['/v2.0/tokens/0123456789abcdef0123456789abcdef/endpoints', '/v2.0/tokens/***/endpoints'],
  [
    "{'url': 'http://h:6080/vnc.html?path=%3Ftoken%3Dx%26n%3D1'}",
    "{'url': 'http://h:6080/vnc.html?path=%3Ftoken%3D***%26n%3D1'}",
  ],
  ['rabbit://nova:pw@mq:5672/', 'rabbit://nova:***@mq:5672/'],
  ['rabbit://a:p1@h1:5672,b:p2@h2:5672/v', 'rabbit://a:***@h1:5672,b:***@h2:5672/v'],
  ['mysql+pymysql://u:p@w@db/nova?charset=utf8', 'mysql+pymysql://u:***@db/nova?charset=utf8'],
  ['mysql://u:p/w@db/nova', 'mysql://u:***@db/nova'],
  ['redis://:pw@h', 'redis://:***@h'],
  ["{'url': 'http://u:p@h/x', 'n': 1}", "{'url': 'http://u:***@h/x', 'n': 1}"],
  ['GET http://h/x?token=abc&limit=5 HTTP/1.1', 'GET http://h/x?token=***&limit=5 HTTP/1.1'],
  ['http://h/o?temp_url_sig=ab,c&temp_url_expires=1', 'http://h/o?temp_url_sig=***&temp_url_expires=1'],
  ['https://s3/x?X-Amz-Signature=ab#f', 'https://s3/x?X-Amz-Signature=***#f'],
  ['/x?sig=ab%3D&Signature=q', '/x?sig=***&Signature=***'],
];

const FORMS: Cases = [
  [`token was ${FERNET}.`, 'token was ***.'],
  [`/v3/auth/tokens/${FERNET}`, '/v3/auth/tokens/***'],
  [`['${FERNET}', 1]`, "['***', 1]"],
  [`{'x': '${BCRYPT}'}`, "{'x': '***'}"],
  ["('$6$rounds=5000$salt$hashhashhash', 1)", "('***', 1)"],
  ['$pbkdf2-sha512$25000$c2FsdA$aGFzaA, next', '***, next'],
  ['$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVH', '***'],
  ['$argon2id$v=19,m=65536,t=3$abc$def', '***'],
  [`bearer of ${JWT} here`, 'bearer of *** here'],
  [
    '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n',
    '-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----\n',
  ],
  ['-----BEGIN PRIVATE KEY-----\nMIIEabc', '-----BEGIN PRIVATE KEY-----***'],
  ['\tkey = AQDVxg9kAAAAABAAzqWrEzR0fJ7ZpM1yT1kzAg==\n', '\tkey = ***\n'],
  ['proxy sent Basic YWRtaW46c2VjcmV0 twice', 'proxy sent Basic *** twice'],
  ['AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=c, Signature=d\nx', 'AWS4-HMAC-SHA256 ***\nx'],
];

const SQL: Cases = [
  [
    "[SQL: INSERT INTO p (password_hash) VALUES (%(password_hash)s)]\n[parameters: {'password_hash': 'x', 'id': 1}]",
    "[SQL: INSERT INTO p (password_hash) VALUES (%(password_hash)s)]\n[parameters: {'password_hash': '***', 'id': 1}]",
  ],
  [
    "[SQL: INSERT INTO user (name, password) VALUES (?, ?)]\n[parameters: ('a', 'pw)x')]\n(Background)",
    '[SQL: INSERT INTO user (name, password) VALUES (?, ?)]\n[parameters: ***]\n(Background)',
  ],
  [
    "[SQL: INSERT INTO t (token) VALUES (?)] [parameters: [('a',), ('b',)]]",
    '[SQL: INSERT INTO t (token) VALUES (?)] [parameters: ***]',
  ],
  ["UPDATE u SET password='x' WHERE id=1", "UPDATE u SET password='***' WHERE id=1"],
];

const CUT: Cases = [
  ["{'name': 'vm', 'admin_password': 'zdLu", "{'name': 'vm', 'admin_password': '***"],
  ["{'auth': {'user': 'a', 'p", "{'auth': '***'"],
  ['{"password": "abc\\', '{"password": "***'],
  ['X-Auth-Token: abc', 'X-Auth-Token: ***'],
  ['<adminPass>secr', '<adminPass>***'],
  ['rabbit://u:pw@', 'rabbit://u:***@'],
  [FERNET.slice(0, 30), '***'],
];

const UNCHANGED = [
  '',
  "{'admin_password': None, 'token': '', \"auth\": null, 'creds': [], 'psk': {}}",
  "{'password': '***', 'token': \"***\"}",
  'Instance(user_data=None,provider_auth=<?>,key_name=None,keypairs=KeyPairList)',
  "{'key_name': 'k', 'key_data': 'ssh-rsa AAAA', 'public_key': 'x', 'keypair': 'y'}",
  "{'token_flavor': 'x', 'password_expires_at': '2026', 'secret_ref': 'http://b/1'}",
  "{'is_admin': True, 'author': 'a', 'author_id': 1, 'authority': 'b', 'auth_url': 'http://k:5000/v3'}",
  "{'auth_type': 'password', 'auth_method': 'token', 'methods': ['password', 'token']}",
  "{'config_drive': 'True', 'os_hash_value': '11d6c2da', 'ping': 'x'}",
  '/v3/auth/tokens',
  '/v3/auth/tokens/OS-PKI/revoked',
  'mysql -u root -p nova; cp -p a b',
  'tar -p x; mkdir -p /a/b',
  'Basic education, basic functionality',
  "{'payload': {'event': 'x'}, 'ping': 'x', 'mapping': 'y'}",
  'The token\n  is indented.',
  'POST /v3/auth/tokens: 401 Unauthorized',
  'SELECT password.password_hash, token.id FROM password WHERE password.user_id = %(user_id_1)s',
  'UPDATE password SET password=%(password)s, secret=?, token=:token_1 WHERE id = 3',
  'INSERT INTO password (password, password_hash) VALUES (%(password)s, %(password_hash)s)',
  `(1062, "Duplicate entry 'x' for key 'PRIMARY'")`,
  "[SQL: SELECT a FROM t WHERE b = ?]\n[parameters: ('x',)]",
  'http://h:8774/v2.1/servers?limit=5&marker=abc',
  'https://[::1]:5000/v3/users/me@example.org',
  'http://host:8080/~a@b',
  'user@example.org: hello',
  'it costs $1$ or $5$.',
  'Found 3 credentials and no token',
  'hotplug design signal monkey compass keyboard author',
  'secret://not-a-key',
  '--password --debug',
  'Usage: <password> <user>',
  "('Accept', 'password')",
  "fixed_ips=[{'ip': '10.0.0.1'}], tokens",
  'eyJhbGciOiJ is no token',
  'data:image/png;base64,iVBORw0KGgo=',
];

function checks(title: string, cases: Cases): void {
  describe(title, () => {
    for (const [text, masked] of cases) {
      test(text.replaceAll('\n', '\\n').slice(0, 90), () => {
        assert.equal(maskText(text), masked);
        assert.equal(maskText(masked), masked, 'masking again changes nothing');
      });
    }
  });
}

checks('secrets in Python reprs are masked', PYTHON);
checks('secrets in JSON are masked', JSON_TEXTS);
checks('secrets in key=value, headers, command lines and XML are masked', LOOSE);
checks('secrets in URLs are masked', URLS);
checks('secrets that their form gives away are masked', FORMS);
checks("secrets in SQLAlchemy's errors are masked", SQL);
checks('secrets in cut texts are masked', CUT);
checks(
  'what is no secret stays',
  UNCHANGED.map((text) => [text, text] as const),
);

describe('maskQuery', () => {
  const cases: Cases = [
    ['', ''],
    ['limit=5&marker=a%20b&&x', 'limit=5&marker=a%20b&&x'],
    ['token=abc&limit=5', 'token=***&limit=5'],
    ['token=&limit=5', 'token=&limit=5'],
    [
      'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AK%2Fx&X-Amz-Date=1&X-Amz-Security-Token=t&X-Amz-Signature=s',
      'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=***&X-Amz-Date=1&X-Amz-Security-Token=***&X-Amz-Signature=***',
    ],
    ['AWSAccessKeyId=AK&Signature=s&Expires=1', 'AWSAccessKeyId=***&Signature=***&Expires=1'],
    ['sig=s&X-Goog-Signature=g&temp_url_sig=t', 'sig=***&X-Goog-Signature=***&temp_url_sig=***'],
    ['%74oken=abc&temp%5Furl%5Fsig=t&A=%7e', '%74oken=***&temp%5Furl%5Fsig=***&A=%7e'],
    ['name=password&sort_key=token', 'name=password&sort_key=token'],
    ['a=b=c&password=x=y', 'a=b=c&password=***'],
    [`id=${FERNET}`, 'id=***'],
    ['filters=%7B%22password%22%3A%22x%22%7D&n=1', 'filters=***&n=1'],
    ['next=http://u:p@h/?token=abc&n=1', 'next=http://u:***@h/?token=***&n=1'],
    ['broken=%zz%&password=%zz', 'broken=%zz%&password=***'],
  ];
  for (const [query, masked] of cases) {
    test(query, () => {
      assert.equal(maskQuery(query), masked);
      assert.equal(maskQuery(masked), masked);
    });
  }
});

describe('maskUrl', () => {
  const cases: Cases = [
    ['http://h:80/a/b?x=1#top', 'http://h:80/a/b?x=1#top'],
    ['http://u:p@h/a?token=x#access_token=y&n=1', 'http://u:***@h/a?token=***#access_token=***&n=1'],
    ['//u:p@h/a', '//u:***@h/a'],
    ['/v3/auth/tokens?nocatalog', '/v3/auth/tokens?nocatalog'],
    [`http://h/v2.0/tokens/${FERNET}?x`, 'http://h/v2.0/tokens/***?x'],
    ['http://h/?', 'http://h/?'],
  ];
  for (const [url, masked] of cases) {
    test(url.slice(0, 60), () => {
      assert.equal(maskUrl(url), masked);
      assert.equal(maskUrl(masked), masked);
    });
  }
});

test('a value under a secret key goes whole, any other is masked as text, an empty one stays', () => {
  assert.equal(maskValue('admin_password', 'x y'), '***');
  assert.equal(maskValue('admin_password', ''), '');
  assert.equal(maskValue('name', "{'token': 'x'}"), "{'token': '***'}");
  assert.equal(maskValue('name', 'vm1'), 'vm1');
});
