/** The way to a server, step by step: its name, its port, its certificate. */
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect, isIP } from 'node:net';
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from 'node:tls';
import type { Explanation } from '../rabbitmq/hints.js';
import type { Checked, Examination } from './examination.js';
import { type Finding, failFor, ok, warn } from './finding.js';

export interface Target {
  /** For people: `broker rabbit:5672`. */
  readonly where: string;
  readonly host: string;
  readonly port: number;
  /** Absent: TLS is not spoken. */
  readonly tls?: () => Promise<ConnectionOptions>;
  readonly explain: (error: unknown) => Explanation;
}

export const REACH_CHECKS = ['name', 'port', 'TLS'] as const;

const SOON_MS = 14 * 24 * 3600 * 1000;

/** @returns whether the server can be spoken to. */
export async function reach(exam: Examination, target: Target): Promise<boolean> {
  const { where, tls } = target;
  const steps = REACH_CHECKS.slice(0, tls === undefined ? 2 : 3);
  for (const [index, step] of steps.entries()) {
    const isThrough = await exam.check(where, step, (signal) =>
      STEPS[step](target, signal).catch((error: unknown) => ({ finding: failFor(target.explain(error)) })),
    );
    if (isThrough) continue;
    exam.skip(where, steps.slice(index + 1), 'a check before it failed');
    return false;
  }
  return true;
}

type Step = (target: Target, signal: AbortSignal) => Promise<Checked<boolean>>;

const STEPS: Readonly<Record<(typeof REACH_CHECKS)[number], Step>> = {
  name: async ({ host }) => {
    if (isIP(host) !== 0) return through(ok(`${host} is an address`));
    const found = await lookup(host, { all: true });
    return through(ok(`${host} is ${found.map(({ address }) => address).join(', ')}`));
  },
  port: async ({ host, port }, signal) => {
    const socket = connect({ host, port, signal });
    try {
      await once(socket, 'connect');
      return through(ok(`port ${port} is open`));
    } finally {
      socket.destroy();
    }
  },
  TLS: async ({ host, port, tls }, signal) => {
    const options = await tls!();
    const name = isIP(host) === 0 ? { servername: host } : {};
    const socket = tlsConnect({ ...name, host, port, ...options });
    const giveUp = () => void socket.destroy();
    signal.addEventListener('abort', giveUp);
    try {
      await once(socket, 'secureConnect');
      return through(describeTls(socket, options.rejectUnauthorized === false));
    } finally {
      signal.removeEventListener('abort', giveUp);
      socket.destroy();
    }
  },
};

function through(finding: Finding): Checked<boolean> {
  return { finding, value: true };
}

function describeTls(socket: TLSSocket, isUnchecked: boolean): Finding {
  const { valid_to: end, subjectaltname: names } = socket.getPeerCertificate();
  const detail = `${socket.getProtocol()}, a certificate for ${names ?? 'no name'} until ${end}`;
  if (isUnchecked) return warn(`${detail}, not checked`, 'leave verify_none out, and name the CA file');
  return Date.parse(end) - Date.now() < SOON_MS ? warn(detail, 'renew the certificate soon') : ok(detail);
}
