// @ts-check
/**
 * Ports for servers that are stopped and started again where they were. Not of those that the system gives to whoever
 * connects somewhere or asks for any: while the server is away one of those could take its place, and a client that
 * tries again and again can even meet itself there.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';

const LOWEST = 10_240;
/** Where the system's own begin on Linux, as it comes; elsewhere they begin higher. */
const USUAL_END = 32_768;
/** With fewer to choose from, processes that choose at the same time would meet. */
const FEWEST = 1_000;
const MOST_TRIES = 1_000;

/**
 * Different ports of 127.0.0.1 that were free a moment ago.
 * @param {number} count
 * @returns {Promise<number[]>}
 */
export async function freePorts(count) {
  const end = await endOfOurs();
  /** @type {import('node:net').Server[]} */
  const servers = [];
  try {
    for (let tries = 0; servers.length < count; tries += 1) {
      if (tries === MOST_TRIES) throw new Error(`no free port of 127.0.0.1 was found in ${MOST_TRIES} tries`);
      const any = end - LOWEST < FEWEST ? 0 : LOWEST + Math.floor(Math.random() * (end - LOWEST));
      const server = await listening(any);
      if (server !== undefined) servers.push(server);
    }
    return servers.map((server) => /** @type {import('node:net').AddressInfo} */ (server.address()).port);
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

/** @returns {Promise<number>} the first port that the system gives to others */
async function endOfOurs() {
  const range = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'latin1').catch(() => '');
  return Number.parseInt(range, 10) || USUAL_END;
}

/**
 * @param {number} port
 * @returns {Promise<import('node:net').Server | undefined>} undefined when somebody else has it
 */
async function listening(port) {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return server;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EADDRINUSE') throw error;
    return undefined;
  }
}
