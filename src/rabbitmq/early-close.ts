/**
 * A broker may close a connection in the same segment in which it opens it: when it shuts down, or fails. amqplib
 * (seen with 2.3.1) reads on behind `open-ok` before it hands the connection over, so that nobody can listen yet: an
 * error then is an uncaught exception that ends the process, and a close without one hands over a connection that is
 * dead and never says so. Listeners have to be there before it reads, which its interface does not allow for; so its
 * connections are listened to from within, those alone that are opened here. An amqplib that is built differently is
 * left as it is.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The opening of one connection, and why it ended before it was handed over. */
interface Opening {
  ended: Error | undefined;
}

/** amqplib's own connection, below the one that it hands over. */
interface Opener extends EventEmitter {
  open(...args: unknown[]): unknown;
}

const openings = new AsyncLocalStorage<Opening>();
let openNow = 0;
let isListening = false;

/**
 * Runs amqplib's `connect`. Rejects with what it rejects with, and with the broker's reason when the connection is
 * closed again by the time that it is handed over.
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
  if (isListening) return;
  isListening = true;
  const prototype = openerPrototype();
  if (prototype === undefined) return;
  const { open } = prototype;
  prototype.open = function (this: Opener, ...args: unknown[]): unknown {
    const opening = openings.getStore();
    if (opening !== undefined) watch(this, opening);
    return open.apply(this, args);
  };
}

function watch(connection: Opener, opening: Opening): void {
  connection.on('error', (error: Error) => {
    opening.ended ??= error;
  });
  connection.on('close', (error?: Error) => {
    opening.ended ??= error ?? new Error('Unexpected close');
  });
}

function openerPrototype(): Opener | undefined {
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
