/** An AMQP 0-9-1 server on loopback that opens connections as RabbitMQ does, and then says what the test tells it. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** `AMQP` and four numbers. */
const PREAMBLE_BYTES = 8;
const HEAD_BYTES = 7;
const FRAME_END = 0xce;
const METHOD = 1;

const START_OK = 0x000a000b;
const OPEN = 0x000a0028;

export class ScriptedBroker {
  /** Connections that got as far as being opened. */
  opened = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: ReturnType<typeof createServer>,
    private readonly atOpen: readonly Buffer[],
  ) {
    server.on('connection', (socket) => this.serve(socket));
  }

  /** @param atOpen the frames that answer `connection.open`, in one segment. */
  static async start(...atOpen: readonly Buffer[]): Promise<ScriptedBroker> {
    const server = createServer();
    const broker = new ScriptedBroker(server, atOpen);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return broker;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(this.server, 'close');
  }

  private serve(socket: Socket): void {
    let data = Buffer.alloc(0);
    let isGreeted = false;
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('data', (chunk) => {
      data = Buffer.concat([data, chunk]);
      if (!isGreeted && data.length >= PREAMBLE_BYTES) {
        isGreeted = true;
        data = data.subarray(PREAMBLE_BYTES);
        socket.write(START);
      }
      for (let frame = firstFrame(data); isGreeted && frame !== undefined; frame = firstFrame(data)) {
        data = data.subarray(frame.length);
        this.answer(socket, frame);
      }
    });
  }

  private answer(socket: Socket, frame: Buffer): void {
    if (frame[0] !== METHOD) return;
    const method = frame.readUInt32BE(HEAD_BYTES);
    if (method === START_OK) socket.write(TUNE);
    if (method !== OPEN) return;
    this.opened += 1;
    socket.write(Buffer.concat(this.atOpen));
  }
}

function firstFrame(data: Buffer): Buffer | undefined {
  if (data.length < HEAD_BYTES) return undefined;
  const length = HEAD_BYTES + data.readUInt32BE(3) + 1;
  return data.length < length ? undefined : data.subarray(0, length);
}

/** Protocol 0-9, no server properties. */
const START = methodFrame(10, 10, Buffer.from([0, 9]), uint32(0), longString('PLAIN'), longString('en_US'));
/** Channels and frames as RabbitMQ has them, no heartbeat. */
const TUNE = methodFrame(10, 30, uint16(2047), uint32(131_072), uint16(0));
export const OPEN_OK = methodFrame(10, 41, shortString(''));

/** `connection.close` with a reply code. */
export function closing(code: number, text: string): Buffer {
  return methodFrame(10, 50, uint16(code), shortString(text), uint16(0), uint16(0));
}

function methodFrame(klass: number, method: number, ...fields: readonly Buffer[]): Buffer {
  const payload = Buffer.concat([uint16(klass), uint16(method), ...fields]);
  const channel = 0;
  return Buffer.concat([
    Buffer.from([METHOD]),
    uint16(channel),
    uint32(payload.length),
    payload,
    Buffer.from([FRAME_END]),
  ]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function shortString(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
}

function longString(text: string): Buffer {
  return Buffer.concat([uint32(text.length), Buffer.from(text)]);
}
