/** OTLP over gRPC: one unary call a request, over a channel that is kept. */
import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  compressionAlgorithms,
  credentials,
  Metadata,
} from '@grpc/grpc-js';
import type { Outcome } from '../contracts.js';
import { PACKAGE_NAME, PACKAGE_VERSION } from '../version.js';
import { classifyGrpc, MAX_GRPC_ANSWER_BYTES } from './classify-grpc.js';
import type { Tls, TlsFiles } from './tls-files.js';
import type { OtlpConnection, Transport } from './transport.js';

/** opentelemetry/proto/collector/trace/v1/trace_service.proto */
const METHOD = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
/** Sent instead of an IP address, which TLS does not allow as a server's name. The certificate is still checked for the address. */
const NAME_FOR_ADDRESS = 'ip-address.invalid';

export class GrpcTransport implements Transport {
  private readonly metadata = new Metadata();
  private client: Client | undefined;
  private clientTls: Tls | undefined;

  constructor(
    private readonly connection: OtlpConnection,
    private readonly tls: TlsFiles,
  ) {
    for (const [name, value] of Object.entries(connection.headers)) this.metadata.set(name, value);
  }

  send(body: Uint8Array): Promise<Outcome> {
    const { url, timeoutMs } = this.connection;
    return new Promise((resolve) => {
      let contentType: string | undefined;
      const call = this.currentClient().makeUnaryRequest(
        METHOD,
        asBuffer,
        asBuffer,
        body,
        this.metadata,
        { deadline: Date.now() + timeoutMs },
        (error, response) => {
          const details = error?.metadata?.get('grpc-status-details-bin')[0];
          resolve(
            classifyGrpc(
              {
                ...{ error: error ?? undefined, body: response, contentType },
                details: Buffer.isBuffer(details) ? details : undefined,
              },
              url,
            ),
          );
        },
      );
      call.on('metadata', (metadata: Metadata) => {
        contentType = metadata.get('content-type')[0]?.toString();
      });
    });
  }

  close(): void {
    this.client?.close();
  }

  /** A new one when the certificates have changed; calls in flight end on the former. */
  private currentClient(): Client {
    const tls = this.tls.current();
    if (this.client !== undefined && tls === this.clientTls) return this.client;
    this.client?.close();
    this.clientTls = tls;
    this.client = this.open(tls);
    return this.client;
  }

  private open(tls: Tls): Client {
    const { host, hostname, protocol } = new URL(this.connection.url);
    const isGzip = this.connection.compression === 'gzip';
    const options: ChannelOptions = {
      'grpc.primary_user_agent': `${PACKAGE_NAME}/${PACKAGE_VERSION}`,
      'grpc.max_receive_message_length': MAX_GRPC_ANSWER_BYTES,
      'grpc.default_compression_algorithm': isGzip
        ? compressionAlgorithms.gzip
        : compressionAlgorithms.identity,
    };
    if (protocol !== 'https:') return new Client(host, credentials.createInsecure(), options);
    const address = hostname.replace(/^\[|\]$/g, '');
    return isIP(address) === 0
      ? new Client(host, secureCredentials(tls), options)
      : new Client(host, secureCredentials(tls, address), {
          ...options,
          'grpc.ssl_target_name_override': NAME_FOR_ADDRESS,
        });
  }
}

/** @param address that the certificate has to be for, when that is no name. */
function secureCredentials({ ca, key, cert }: Tls, address?: string): ChannelCredentials {
  return credentials.createSsl(
    ca ?? null,
    key ?? null,
    cert ?? null,
    address === undefined
      ? {}
      : { checkServerIdentity: (_name, certificate) => checkServerIdentity(address, certificate) },
  );
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
