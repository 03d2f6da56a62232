/**
 * amqplib gives each frame to the socket by itself, and a socket that is free sends what it is given at once: a thousand
 * acknowledgements of 21 bytes are a thousand system calls here, and as many packets that wake the broker. Held back
 * until all of them are there they go as one, and a bridge that is killed has told the broker of all or of none.
 */
import type { Writable } from 'node:stream';

type Corkable = Pick<Writable, 'cork' | 'uncork'>;

/**
 * Calls `send`, and sends what it gives to a channel of amqplib's in one piece, or in few. Throws what `send` throws.
 * @param channel one whose socket cannot be found, as amqplib's interface does not have it, sends as it likes.
 */
export function inOneWrite(channel: object, send: () => void): void {
  const socket = socketOf(channel);
  if (socket === undefined) {
    send();
    return;
  }
  socket.cork();
  try {
    send();
  } finally {
    // amqplib passes on what a channel was given in the next turn of the event loop.
    setImmediate(() => setImmediate(() => socket.uncork()));
  }
}

function socketOf(channel: object): Corkable | undefined {
  const { connection } = channel as { connection?: { stream?: Partial<Corkable> } };
  const stream = connection?.stream;
  return typeof stream?.cork === 'function' && typeof stream.uncork === 'function'
    ? (stream as Corkable)
    : undefined;
}
