/**
 * A network between bridge and broker that breaks on command. It understands as much of AMQP as is needed to break it
 * at the worst places: in the midst of acknowledgements.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { AckFinder } from './ack-finder.js';

interface Line {
  readonly client: Socket;
  readonly broker: Socket;
  readonly acks: AckFinder;
  isStalled: boolean;
}

/** What happens to the next acknowledgement that the bridge sends. */
type Trap = 'send twice' | 'cut behind';

export class FaultyProxy {
  private readonly lines = new Set<Line>();
  private trap: { readonly kind: Trap; readonly sprung: () => void } | undefined;

  private isPulled = false;

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {
    server.on('connection', (client: Socket) => this.join(client));
  }

  /** @param target the broker's port on this machine. */
  static async start(target: number): Promise<FaultyProxy> {
    const server = createServer();
    const proxy = new FaultyProxy(server, target);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Connections that go through it. */
  get connections(): number {
    return this.lines.size;
  }

  /** Ends all connections, in both directions, with what was on its way. */
  cut(): void {
    for (const line of this.lines) this.part(line, (socket) => socket.destroy());
  }

  /** The same with RST. */
  reset(): void {
    for (const line of this.lines) this.part(line, (socket) => socket.resetAndDestroy());
  }

  /** From now on nothing passes over the present connections, and neither side is told: packets are lost. */
  stall(): void {
    for (const line of this.lines) line.isStalled = true;
  }

  /** The same for the connections to come too: the cable is pulled. */
  pull(): void {
    this.isPulled = true;
    this.stall();
  }

  /** The cable is back: what was begun meanwhile is reset, and new connections work. */
  plug(): void {
    this.isPulled = false;
    this.reset();
  }

  /**
   * Sends the bridge's next acknowledgement twice, which the broker answers by closing the channel with 406.
   * Resolves when it was sent.
   */
  sendNextAckTwice(): Promise<void> {
    return this.lay('send twice');
  }

  /** Cuts right behind the bridge's next acknowledgement: what was written after it is lost. */
  cutBehindNextAck(): Promise<void> {
    return this.lay('cut behind');
  }

  async stop(): Promise<void> {
    this.server.close();
    this.cut();
    await once(this.server, 'close');
  }

  private lay(kind: Trap): Promise<void> {
    return new Promise((resolve) => {
      this.trap = { kind, sprung: resolve };
    });
  }

  private join(client: Socket): void {
    const broker = connect(this.target, '127.0.0.1');
    const line: Line = { client, broker, acks: new AckFinder(), isStalled: this.isPulled };
    this.lines.add(line);
    client.on('data', (chunk) => this.forward(line, chunk));
    broker.on('data', (chunk) => {
      if (!line.isStalled) client.write(chunk);
    });
    for (const [socket, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        // The far end of a pulled cable hears nothing of it.
        if (!line.isStalled) other.destroy();
        if (client.destroyed && broker.destroyed) this.lines.delete(line);
      });
    }
  }

  /** From the bridge to the broker. */
  private forward(line: Line, chunk: Buffer): void {
    if (line.isStalled) return;
    const ack = line.acks.read(chunk);
    const { trap } = this;
    if (ack === undefined || trap === undefined) {
      line.broker.write(chunk);
      return;
    }
    this.trap = undefined;
    const behind = chunk.subarray(0, ack.end);
    if (trap.kind === 'send twice') {
      line.broker.write(Buffer.concat([behind, ack.frame, chunk.subarray(ack.end)]));
    } else {
      // Ended, not destroyed: what was forwarded so far does arrive.
      line.broker.end(behind);
      line.client.destroy();
    }
    trap.sprung();
  }

  private part(line: Line, how: (socket: Socket) => void): void {
    line.isStalled = false;
    how(line.client);
    how(line.broker);
  }
}
