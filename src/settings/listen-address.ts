/** Where the sidecar's HTTP server listens, as it is written: `127.0.0.1:13133`, `[::1]:13133`, `:13133`. */
import { type Kind, read } from './kinds.js';

/** `host` is a name or an address without brackets; `::` is every address of the machine. */
export interface ListenAddress {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

export const DEFAULT_LISTEN: ListenAddress = { host: '127.0.0.1', port: 13_133 };

/** Beside a bridge on the same machine. */
export const DEFAULT_SHARD_LISTEN: ListenAddress = { ...DEFAULT_LISTEN, port: 13_134 };

const FORM = /^(?:\[(?<v6>[0-9a-f:.]+(?:%[\w.-]+)?)\]|(?<name>[a-z0-9._-]*)):(?<port>\d{1,5})$/i;
const MAX_PORT = 65_535;

/** `none`: there is no server. */
export function listenAddress(): Kind<ListenAddress | 'none'> {
  return {
    expected: 'host:port, [::1]:port, :port for every address of the machine, or none',
    schema: read((given) => (given === 'none' ? given : parseListen(given))),
    show: (value) => (value === 'none' ? value : formatListen(value)),
    argument: '<address>',
  };
}

/** Reads an address. Without a host it means every address of the machine. @returns undefined when it is none. */
export function parseListen(text: string): ListenAddress | undefined {
  const { v6, name, port } = FORM.exec(text.trim())?.groups ?? {};
  const number = Number(port);
  if (port === undefined || number > MAX_PORT) return undefined;
  return { host: v6 ?? (name || '::'), port: number };
}

/** The form that {@link parseListen} reads. */
export function formatListen({ host, port }: ListenAddress): string {
  if (host === '::') return `:${port}`;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether only this machine can reach it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/i.test(host);
}
