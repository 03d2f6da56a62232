/**
 * Stands between the bridge and an OTLP/HTTP backend, and can keep the backend's answers to itself: the backend took
 * a batch, and the bridge never hears of it.
 */
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';

export class HoldingProxy {
  /** Answers of the backend that were kept. */
  held = 0;
  private passed = 0;
  private readonly sockets = new Set<Socket>();
  private readonly events = new EventEmitter();

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
    private readonly passing: number,
  ) {
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => this.sockets.delete(socket));
    });
    server.on('request', (incoming, response) => {
      // The bridge may be killed at any moment of it.
      this.forward(incoming, response).catch(() => response.destroy());
    });
  }

  /** @param passing so many answers are passed on; all later ones are kept. */
  static async start(target: string, passing: number): Promise<HoldingProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new HoldingProxy(server, new URL(target), passing);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Resolves when so many answers have been kept. */
  async untilHeld(count: number): Promise<void> {
    while (this.held < count) await once(this.events, 'held');
  }

  async stop(): Promise<void> {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(this.server, 'close');
  }

  private async forward(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    const onward = request(new URL(incoming.url ?? '/', this.target), {
      method: incoming.method ?? 'POST',
      headers: { ...incoming.headers, host: this.target.host },
    });
    onward.end(body);
    const [answer] = (await once(onward, 'response')) as [IncomingMessage];
    const answered = await buffer(answer);
    if (this.passed < this.passing || answer.statusCode !== 200) {
      this.passed++;
      response.writeHead(answer.statusCode ?? 502, answer.headers).end(answered);
      return;
    }
    this.held++;
    this.events.emit('held');
  }
}
