import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explain, hostAndPort } from '../../src/rabbitmq/hints.js';

const WHERE = { host: 'rabbit.example', port: 5672, vhost: 'cloud', username: 'tracer' };

function failure(message: string, code?: string | number, more: Record<string, unknown> = {}): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code }, more);
}

/** What was thrown, what the reason has to say, what the hint has to say. */
const CASES: readonly (readonly [name: string, thrown: unknown, reason: RegExp, hint: RegExp])[] = [
  [
    'nobody listening',
    failure('connect ECONNREFUSED 127.0.0.1:1', 'ECONNREFUSED'),
    /rabbit\.example:5672 cannot be reached: nothing listens/,
    /start the broker/,
  ],
  [
    'an error of several addresses, without text',
    failure('', 'ECONNREFUSED'),
    /nothing listens there \(ECONNREFUSED\)/,
    /start the broker/,
  ],
  [
    'a connection that is cut while it is read',
    failure('read ECONNRESET', 'ECONNRESET', { syscall: 'read' }),
    /the connection was cut \(ECONNRESET\)/,
    /expects TLS/,
  ],
  [
    'an unknown name',
    failure('getaddrinfo ENOTFOUND x', 'ENOTFOUND'),
    /the name is unknown/,
    /correct the host/,
  ],
  [
    'an operation that is not answered',
    failure('no answer within 10 s to consuming "q"', 'UNANSWERED'),
    /rabbit\.example:5672 hangs: no answer within 10 s to consuming "q"/,
    /cluster_status/,
  ],
  ['silence', failure('connect ETIMEDOUT'), /does not answer in time/, /firewalls/],
  [
    'a wrong password',
    failure(
      'Handshake terminated by server: 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - Login was refused"',
    ),
    /does not accept user "tracer"/,
    /correct user and password/,
  ],
  [
    'a refused virtual host',
    failure('Expected ConnectionOpenOk; got <ConnectionClose channel:0>'),
    /into the virtual host "cloud"/,
    /list_vhosts/,
  ],
  [
    'a refused virtual host by its code',
    failure('Connection closed: 530 (NOT-ALLOWED) with message "NOT_ALLOWED - vhost"', 530),
    /into the virtual host "cloud"/,
    /list_user_permissions tracer/,
  ],
  [
    'something else on the port',
    failure('Socket closed abruptly during opening handshake'),
    /ended the handshake/,
    /AMQP 0-9-1/,
  ],
  [
    'no permission to consume',
    failure(
      'Operation failed: BasicConsume; 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - access to queue \'q\' refused"',
      403,
    ),
    /lacks a permission.*access to queue 'q' refused/,
    /grant read on the queue: rabbitmqctl set_permissions -p "cloud" "tracer"/,
  ],
  [
    'no permission to declare',
    failure(
      'Operation failed: QueueDeclare; 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - access"',
      403,
    ),
    /lacks a permission/,
    /grant configure/,
  ],
  [
    'no permission to bind',
    failure('Operation failed: QueueBind; 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - access"', 403),
    /lacks a permission/,
    /write on the queue and read on the exchange/,
  ],
  [
    'an exclusive consumer',
    failure(
      "Operation failed: BasicConsume; 403 (ACCESS-REFUSED) with message \"ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use\"",
      403,
    ),
    /consumes "profiler.info" exclusively/,
    /stop that consumer/,
  ],
  [
    'a missing queue',
    failure('Operation failed: BasicConsume; 404 (NOT-FOUND) with message "NOT_FOUND - no queue \'q\'"', 404),
    /missing.*no queue 'q'/,
    /waiting/,
  ],
  [
    'a locked queue',
    failure(
      'Operation failed: QueueDeclare; 405 (RESOURCE-LOCKED) with message "RESOURCE_LOCKED - cannot obtain"',
      405,
    ),
    /belongs to another connection/,
    /name another queue/,
  ],
  [
    'a precondition',
    failure(
      'Channel closed by server: 406 (PRECONDITION-FAILED) with message "PRECONDITION_FAILED - delivery acknowledgement timed out"',
      406,
    ),
    /delivery acknowledgement timed out/,
    /consumer_timeout/,
  ],
  [
    'an untrusted certificate',
    failure('self-signed certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT'),
    /not trusted/,
    /ssl_ca_file/,
  ],
  [
    'a certificate for another name',
    failure('Hostname does not match', 'ERR_TLS_CERT_ALTNAME_INVALID'),
    /another name/,
    /use a name that the certificate carries/,
  ],
  ['an expired certificate', failure('certificate has expired', 'CERT_HAS_EXPIRED'), /not valid/, /renew/],
  [
    'TLS to a port without',
    failure('wrong version number', 'ERR_SSL_WRONG_VERSION_NUMBER'),
    /does not speak TLS/,
    /5671/,
  ],
  [
    'a client certificate refused',
    failure('alert', 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'),
    /does not accept the client certificate/,
    /certificate and key/,
  ],
  [
    'other TLS trouble',
    failure('bad decrypt', 'ERR_OSSL_BAD_DECRYPT'),
    /TLS with rabbit\.example:5672 failed/,
    /TLS settings/,
  ],
  [
    'a missing CA file',
    failure("ENOENT: no such file or directory, open 'ca.pem'", 'ENOENT', { syscall: 'open' }),
    /ca\.pem/,
    /correct the path/,
  ],
  [
    'a broker that stops',
    failure(
      'Connection closed: 320 (CONNECTION-FORCED) with message "CONNECTION_FORCED - broker forced connection closure"',
      320,
    ),
    /closed the connection: broker forced/,
    /reconnecting/,
  ],
  ['a peer that fell silent', failure('Heartbeat timeout'), /lost: heartbeat timeout/, /network/],
  ['anything else', failure('flux capacitor'), /flux capacitor/, /log/],
  ['nothing at all', undefined, /could not be used/, /log/],
];

describe('explaining what the broker or the network says', () => {
  for (const [name, thrown, reason, hint] of CASES) {
    it(`explains ${name}`, () => {
      const explanation = explain(thrown, WHERE, 'profiler.info');
      assert.match(explanation.reason, reason);
      assert.match(explanation.hint, hint);
    });
  }

  it('puts brackets round an IPv6 address', () => {
    assert.equal(hostAndPort({ host: '::1', port: 5671 }), '[::1]:5671');
  });
});
