/** An OTLP/gRPC backend for tests, with TLS or without: keeps each request's bytes and header of a token. */
import {
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type ServiceError,
} from '@grpc/grpc-js';

const raw = (bytes: Buffer): Buffer => bytes;
/** OTLP's trace service; requests and responses stay bytes. */
const SERVICE: ServiceDefinition = {
  Export: {
    path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    requestStream: false,
    responseStream: false,
    requestSerialize: raw,
    requestDeserialize: raw,
    responseSerialize: raw,
    responseDeserialize: raw,
  },
};

export class OtlpGrpcReceiver {
  /** What came: the request's bytes, and the header of a token. */
  readonly requests: { readonly bytes: Buffer; readonly token: unknown }[] = [];
  /** The status that requests are answered with; absent: taken. */
  failure: Partial<ServiceError> | undefined;
  /** What it says to those that it accepts. */
  response: Buffer = Buffer.alloc(0);
  private readonly server = new Server();
  private port = 0;

  private constructor() {
    const take: handleUnaryCall<Buffer, Buffer> = ({ request, metadata }, answer) => {
      this.requests.push({ bytes: request, token: metadata.get('x-token')[0] });
      answer(this.failure === undefined ? null : (this.failure as ServiceError), this.response);
    };
    this.server.addService(SERVICE, { Export: take });
  }

  /** Listens on a free port of this machine. */
  static async start(credentials = ServerCredentials.createInsecure()): Promise<OtlpGrpcReceiver> {
    const receiver = new OtlpGrpcReceiver();
    receiver.port = await new Promise<number>((resolve, reject) => {
      receiver.server.bindAsync('127.0.0.1:0', credentials, (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    return receiver;
  }

  /** With the host as it is to be called: a certificate may carry one name and not another. */
  url(scheme: 'http' | 'https' = 'http', host = '127.0.0.1'): string {
    return `${scheme}://${host}:${this.port}`;
  }

  stop(): void {
    this.server.forceShutdown();
  }
}
