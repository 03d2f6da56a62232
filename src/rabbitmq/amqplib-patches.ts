/**
 * Everything that touches the inside of amqplib 2.3, in one place. Each patch leaves an amqplib alone that is built
 * differently, and `test/rabbitmq/amqplib-patches` fails loudly then. None of them is known upstream as an issue.
 * {@link switchPatches} switches off the two that only save time, for connections that are opened from then on.
 *
 * - {@link untilOpened}: a connection that is closed as it is opened ends the process.
 * - {@link readFramesFast}: reading frames. 20.7 µs of CPU a notification in a drain, 25.8 without.
 * - {@link inOneWrite}: acknowledgements in one write. 20.7 µs, 24.7 without; 27.8 without both.
 * - {@link acknowledgerOf}, {@link isNack}: what its interface asks for, or tells, in a form of its own.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import type { Acknowledger } from './ack-tracker.js';
import type { AmqpChannel, AmqpMessage } from './amqp-channel.js';
import { type Frame, FrameCache, frameEnd } from './frame-cache.js';

let isOn = true;

/** Without them everything works, with a third more CPU. */
export function switchPatches(on: boolean): void {
  isOn = on;
}

/** The frames that end a delivery on a channel. */
export function acknowledgerOf(
  channel: Pick<AmqpChannel, 'ack' | 'nack'>,
): Acknowledger & { requeue(tag: number): void } {
  return {
    ack: (tag, multiple) => channel.ack(messageWith(tag), multiple),
    reject: (tag) => channel.nack(messageWith(tag), false, false),
    requeue: (tag) => channel.nack(messageWith(tag), false, true),
  };
}

/** amqplib asks for a message and reads its tag only; the message itself is long gone. */
function messageWith(deliveryTag: number): AmqpMessage {
  return { fields: { deliveryTag } } as unknown as AmqpMessage;
}

/** Whether the broker refused a publication. amqplib tells that from a lost channel by its text only. */
export function isNack(error: unknown): boolean {
  return error instanceof Error && error.message === 'message nacked';
}

/** amqplib's own connection, below the one that it hands over. */
interface Connection {
  /** What was read from the socket and is in no frame yet. */
  rest: Buffer;
  /** Set whenever the socket was read: the broker is alive. */
  recvSinceLastCheck: boolean;
  readonly maxFrameSize: number;
  readonly stream: Pick<Writable, 'cork' | 'uncork'> & { read(): Buffer | null };
  /** @returns false when no whole frame has come. Throws when what has come is none. */
  recvFrame(): Frame | false;
}

function isAmqplibs(connection: object | undefined): connection is Connection {
  const { rest, recvSinceLastCheck, maxFrameSize, stream, recvFrame } = (connection ??
    {}) as Partial<Connection>;
  return (
    Buffer.isBuffer(rest) &&
    typeof recvSinceLastCheck === 'boolean' &&
    typeof maxFrameSize === 'number' &&
    [stream?.read, stream?.cork, stream?.uncork, recvFrame].every((each) => typeof each === 'function')
  );
}

/**
 * Frames that came before are known by their bytes (frame-cache.ts), and amqplib decodes all others. Its own way makes
 * three frames, six windows on bytes and five strings of each message.
 * @returns whether it is in force.
 */
export function readFramesFast(connection: object): boolean {
  if (!isOn || !isAmqplibs(connection)) return false;
  const cache = new FrameCache();
  const { recvFrame, stream, maxFrameSize } = connection;
  let bytes = connection.rest;
  let at = 0;
  connection.recvFrame = () => {
    let end = frameEnd(bytes, at, maxFrameSize);
    while (end > bytes.length) {
      const incoming = stream.read();
      if (incoming === null) return false;
      connection.recvSinceLastCheck = true;
      bytes = at === bytes.length ? incoming : Buffer.concat([bytes.subarray(at), incoming]);
      at = 0;
      end = frameEnd(bytes, at, maxFrameSize);
    }
    const known = cache.find(bytes, at, end);
    if (known !== undefined) {
      at = end;
      return known;
    }
    const frameBytes = bytes.subarray(at, end);
    connection.rest = frameBytes;
    try {
      const frame = recvFrame.call(connection);
      if (frame !== false) cache.add(frameBytes, frame);
      return frame;
    } finally {
      // amqplib goes past what it cannot decode, and stays before what is no frame.
      at = end - connection.rest.length;
    }
  };
  return true;
}

/**
 * Calls `send`, and sends what it gives to a channel in one piece, or in few. amqplib gives each frame to the socket by
 * itself: a thousand acknowledgements are a thousand system calls, and as many packets that wake the broker. In one
 * piece, a bridge that is killed has told the broker of all or of none. Throws what `send` throws.
 * @param channel amqplib's; one whose socket cannot be found sends as it likes.
 */
export function inOneWrite(channel: object, send: () => void): void {
  const { connection } = channel as { readonly connection?: Connection };
  if (!isOn || !isAmqplibs(connection)) {
    send();
    return;
  }
  const { stream } = connection;
  stream.cork();
  try {
    send();
  } finally {
    // amqplib passes on what a channel was given in the next turn of the event loop.
    setImmediate(() => setImmediate(() => stream.uncork()));
  }
}

/** The opening of one connection, and why it ended before it was handed over. */
interface Opening {
  ended: Error | undefined;
}

interface Opener extends EventEmitter {
  open(...args: unknown[]): unknown;
}

const openings = new AsyncLocalStorage<Opening>();
let openNow = 0;
let isListening = false;

/**
 * Runs amqplib's `connect`. Rejects with what it rejects with, and with the broker's reason when the connection is
 * closed again by the time that it is handed over.
 *
 * A broker may close a connection in the same segment in which it opens it: when it shuts down, or fails. amqplib reads
 * on behind `open-ok` before anybody can listen to the connection: an error is then an uncaught exception that ends the
 * process, and a close without one hands over a connection that is dead and never says so. So listeners are added from
 * within, to the connections alone that are opened here.
 */
export async function untilOpened<T>(connect: () => Promise<T>): Promise<T> {
  listenFromWithin();
  const opening: Opening = { ended: undefined };
  openNow++;
  try {
    const connection = await openings.run(opening, connect);
    if (opening.ended !== undefined) throw opening.ended;
    return connection;
  } finally {
    openNow--;
    // In Node 20 and 22 every promise and every callback of the process costs something until it is disabled.
    if (openNow === 0) openings.disable();
  }
}

function listenFromWithin(): void {
  const prototype = isListening ? undefined : openerPrototype();
  isListening = true;
  if (prototype === undefined) return;
  const { open } = prototype;
  prototype.open = function (this: Opener, ...args: unknown[]): unknown {
    const opening = openings.getStore();
    if (opening !== undefined) {
      const end = (error?: Error): void => {
        opening.ended ??= error ?? new Error('Unexpected close');
      };
      this.on('error', end);
      this.on('close', end);
    }
    return open.apply(this, args);
  };
}

/** What {@link untilOpened} listens through; undefined in an amqplib that is built differently. */
export function openerPrototype(): Opener | undefined {
  try {
    const load = createRequire(import.meta.url);
    const { Connection } = load(join(dirname(load.resolve('amqplib')), 'lib', 'connection.js')) as {
      Connection?: { readonly prototype: Opener };
    };
    return typeof Connection?.prototype.open === 'function' ? Connection.prototype : undefined;
  } catch {
    return undefined;
  }
}
