import assert from 'node:assert/strict';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { ServerCredentials } from '@grpc/grpc-js';
import type { Outcome } from '../../src/contracts.js';
import { createOtlpSink, type OtlpOptions } from '../../src/export/otlp.js';
import { Certificates, type KeyPair } from '../support/certificates.js';
import { OtlpGrpcReceiver } from '../support/otlp-grpc-receiver.js';
import { OtlpReceiver } from '../support/otlp-receiver.js';
import { sendSpans, span } from '../support/spans.js';

/** A backend with a certificate, that wants none of its clients unless it names who signs theirs. */
interface TlsBackend {
  url(host: string): string;
  received(): number;
  stop(): Promise<void> | void;
}

type StartBackend = (server: KeyPair, clientsOf?: KeyPair) => Promise<TlsBackend>;

const startHttps: StartBackend = async (server, clientsOf) => {
  const [cert, key] = await Promise.all([readFile(server.cert), readFile(server.key)]);
  const mutual =
    clientsOf === undefined
      ? {}
      : { ca: await readFile(clientsOf.cert), requestCert: true, rejectUnauthorized: true };
  const receiver = await OtlpReceiver.start({ cert, key, ...mutual });
  return {
    url: (host) => `${receiver.url.replace('127.0.0.1', host)}/v1/traces`,
    received: () => receiver.requests.length,
    stop: () => receiver.stop(),
  };
};

const startGrpc: StartBackend = async (server, clientsOf) => {
  const pair = { cert_chain: await readFile(server.cert), private_key: await readFile(server.key) };
  const ca = clientsOf === undefined ? null : await readFile(clientsOf.cert);
  const receiver = await OtlpGrpcReceiver.start(ServerCredentials.createSsl(ca, [pair], ca !== null));
  return {
    url: (host) => receiver.url('https', host),
    received: () => receiver.requests.length,
    stop: () => receiver.stop(),
  };
};

const PROTOCOLS: readonly (readonly [OtlpOptions['protocol'], StartBackend])[] = [
  ['http/json', startHttps],
  ['http/protobuf', startHttps],
  ['grpc', startGrpc],
];

for (const [protocol, startBackend] of PROTOCOLS) {
  describe(`${protocol} over TLS`, { timeout: 120_000 }, () => {
    let certificates: Certificates;
    let ca: KeyPair;
    let otherCa: KeyPair;
    let server: KeyPair;
    let backend: TlsBackend | undefined;
    before(async () => {
      certificates = await Certificates.create();
      ca = await certificates.authority('authority');
      otherCa = await certificates.authority('other-authority');
      server = await certificates.certificate('server', { by: ca });
    });
    afterEach(async () => {
      await backend?.stop();
      backend = undefined;
    });
    after(() => certificates.remove());

    it('reaches a backend whose certificate the named authority signed', async () => {
      backend = await startBackend(server);
      assert.deepEqual(await send({ caFile: ca.cert }), { kind: 'accepted' });
      assert.equal(backend.received(), 1);
    });

    it('holds what goes to a certificate of nobody known, or of another authority', async () => {
      backend = await startBackend(server);
      for (const tls of [{}, { caFile: otherCa.cert }]) {
        refusedFor(await send(tls), /certificate is not trusted/, /OTEL_EXPORTER_OTLP_CERTIFICATE/);
      }
    });

    it('holds what goes to a certificate for another name', async () => {
      backend = await startBackend(server);
      const outcome = await send({ caFile: ca.cert }, '127.0.0.1');
      refusedFor(outcome, /for another name/, /name that the certificate carries/);
    });

    it('holds what goes to a certificate that has expired', async () => {
      backend = await startBackend(await certificates.certificate('expired', { by: ca, days: -1 }));
      refusedFor(await send({ caFile: ca.cert }), /has expired/, /renew the backend's certificate/);
    });

    it('reaches a backend by its IP address, if the certificate is for that', async () => {
      backend = await startBackend(
        await certificates.certificate('address', { by: ca, names: 'IP:127.0.0.1' }),
      );
      assert.deepEqual(await send({ caFile: ca.cert }, '127.0.0.1'), { kind: 'accepted' });
    });

    it('reads the files again when they change', async () => {
      backend = await startBackend(server);
      const file = join(certificates.directory, `current-${protocol.replace('/', '-')}.pem`);
      await copyFile(otherCa.cert, file);
      const sink = await createOtlpSink({
        ...{ protocol, url: backend.url('localhost'), headers: {}, timeoutMs: 10_000, compression: 'none' },
        tls: { caFile: file },
      });
      assert.equal((await sendSpans(sink, [span()])).kind, 'retryable');
      await copyFile(ca.cert, file);
      assert.deepEqual(await sendSpans(sink, [span()]), { kind: 'accepted' });
      await sink.close();
    });

    it('shows a client certificate where one is wanted, and says so where it has none', async () => {
      const client = await certificates.certificate('client', { by: ca });
      backend = await startBackend(server, ca);
      const wanting = await send({ caFile: ca.cert });
      refusedFor(wanting, /client certificate/, /OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and .*CLIENT_KEY/);
      assert.equal(backend.received(), 0);
      const tls = { caFile: ca.cert, certFile: client.cert, keyFile: client.key };
      assert.deepEqual(await send(tls), { kind: 'accepted' });
    });

    async function send(tls: OtlpOptions['tls'], host = 'localhost'): Promise<Outcome> {
      const url = backend!.url(host);
      const sink = await createOtlpSink({
        ...{ protocol, url, headers: {}, timeoutMs: 10_000, tls },
        compression: 'none',
      });
      try {
        return await sink.send([sink.encoding.encode(span())]);
      } finally {
        await sink.close();
      }
    }

    function refusedFor(outcome: Outcome, reason: RegExp, hint: RegExp): void {
      assert.equal(outcome.kind, 'retryable');
      assert.match(outcome.reason, reason);
      assert.match(outcome.hint ?? '', hint);
      assert.equal(backend!.received(), 0);
    }
  });
}
