/** OTLP over HTTP: one POST a request, over connections that are kept. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Outcome } from '../contracts.js';
import { PACKAGE_NAME, PACKAGE_VERSION } from '../version.js';
import { classifyNoAnswer } from './classify.js';
import { classifyHttp, type HttpAnswer } from './classify-http.js';
import type { TlsFiles } from './tls-files.js';
import { MAX_ANSWER_BYTES, type OtlpConnection, type Transport } from './transport.js';

const compress = promisify(gzip);

export class HttpTransport implements Transport {
  private readonly agent: HttpAgent;

  constructor(
    private readonly connection: OtlpConnection,
    private readonly contentType: 'application/json' | 'application/x-protobuf',
    private readonly tls: TlsFiles,
  ) {
    const Agent = this.isSecure ? HttpsAgent : HttpAgent;
    this.agent = new Agent({ keepAlive: true });
  }

  async send(body: Uint8Array): Promise<Outcome> {
    try {
      const isZipped = this.connection.compression === 'gzip';
      return classifyHttp(await this.post(isZipped ? await compress(body) : body), this.connection.url);
    } catch (error) {
      return classifyNoAnswer(error);
    }
  }

  close(): void {
    this.agent.destroy();
  }

  private get isSecure(): boolean {
    return this.connection.url.startsWith('https:');
  }

  /** Rejects when no whole answer came in time. */
  private post(body: Uint8Array): Promise<HttpAnswer> {
    const { url, headers, compression, timeoutMs } = this.connection;
    const options = {
      method: 'POST',
      agent: this.agent,
      headers: {
        'User-Agent': `${PACKAGE_NAME}/${PACKAGE_VERSION}`,
        ...headers,
        'Content-Type': this.contentType,
        'Content-Length': body.length,
        ...(compression === 'gzip' ? { 'Content-Encoding': 'gzip' } : {}),
      },
    };
    return new Promise((resolve, reject) => {
      // With other certificates the agent opens other connections.
      const request = this.isSecure
        ? httpsRequest(url, { ...options, ...this.tls.current() })
        : httpRequest(url, options);
      const timer = setTimeout(() => request.destroy(new NoAnswerInTime(timeoutMs)), timeoutMs);
      const end = (): void => clearTimeout(timer);
      request.once('error', (error) => {
        end();
        reject(error);
      });
      request.once('response', (response) => {
        readAnswer(response).then(resolve, reject).finally(end);
      });
      request.end(body);
    });
  }
}

class NoAnswerInTime extends Error {
  readonly code = 'NO_ANSWER_IN_TIME';

  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
  }
}

function readAnswer(response: IncomingMessage): Promise<HttpAnswer> {
  const { statusCode = 0, headers } = response;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (isCut: boolean): void =>
      resolve({ status: statusCode, headers, body: Buffer.concat(chunks), isCut });
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size <= MAX_ANSWER_BYTES) return;
      finish(true);
      response.destroy();
    });
    response.once('end', () => finish(false));
    response.once('error', reject);
    response.once('close', () => reject(new Error('the connection broke before the whole answer was there')));
  });
}
