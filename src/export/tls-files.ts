/** The exporter's certificates and key, read again when they change on disk. */
import { readFileSync, statSync } from 'node:fs';
import { BridgeError, messageOf } from '../errors.js';

/** Paths of PEM files. */
export interface TlsFileNames {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

export interface Tls {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

export class TlsFiles {
  private tls: Tls;
  private version: string;

  /** @throws BridgeError CONFIG_UNREADABLE when a file cannot be read. */
  constructor(private readonly files: TlsFileNames) {
    this.version = this.versionOnDisk();
    this.tls = readTls(files);
  }

  /** The same object until a file changes. Files that cannot be read now, or only in part, leave it as it was. */
  current(): Tls {
    const version = this.versionOnDisk();
    if (version !== this.version) {
      try {
        this.tls = readTls(this.files);
        this.version = version;
      } catch {
        // They are being replaced: the next request looks again.
      }
    }
    return this.tls;
  }

  private versionOnDisk(): string {
    return Object.values(this.files).map(versionOf).join(' ');
  }
}

function versionOf(file: string): string {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats === undefined ? 'none' : `${stats.ino}:${stats.mtimeMs}:${stats.size}`;
}

/** Reads the PEM files. @throws BridgeError CONFIG_UNREADABLE */
export function readTls({ caFile, certFile, keyFile }: TlsFileNames): Tls {
  return {
    ...(caFile === undefined ? {} : { ca: readPem(caFile) }),
    ...(certFile === undefined ? {} : { cert: readPem(certFile) }),
    ...(keyFile === undefined ? {} : { key: readPem(keyFile) }),
  };
}

function readPem(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new BridgeError(
      'CONFIG_UNREADABLE',
      `cannot read the exporter's TLS file ${file}: ${messageOf(error)}`,
      'Check OTEL_EXPORTER_OTLP_CERTIFICATE, …_CLIENT_CERTIFICATE and …_CLIENT_KEY.',
    );
  }
}
