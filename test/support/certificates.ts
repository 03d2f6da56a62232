/** Certificates of a test's own, made by openssl into a temporary folder that goes with the test. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const openssl = (args: readonly string[]) => run('openssl', args);

/** Paths of PEM files. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateOptions {
  /** The authority that signs it. */
  readonly by: KeyPair;
  /** Subject alternative names, as openssl writes them. Default `DNS:localhost`. */
  readonly names?: string;
  /** Whole days from now until its end; negative for one that has expired. Default 2. */
  readonly days?: number;
  /** Encrypts the key. */
  readonly passphrase?: string;
}

export class Certificates {
  private constructor(readonly directory: string) {}

  static async create(): Promise<Certificates> {
    return new Certificates(await mkdtemp(join(tmpdir(), 'osprofiler-bridge-certificates-')));
  }

  /** A certification authority that nobody trusts yet. */
  async authority(name: string): Promise<KeyPair> {
    const { cert, key } = this.paths(name);
    await openssl([
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-keyout', key, '-out', cert, '-subj', `/CN=${name}`, '-days', '2'],
    ]);
    return { cert, key };
  }

  async certificate(name: string, options: CertificateOptions): Promise<KeyPair> {
    const { by, names = 'DNS:localhost', days = 2, passphrase } = options;
    const { cert, key } = this.paths(name);
    const [request, extensions] = [join(this.directory, `${name}.csr`), join(this.directory, `${name}.ext`)];
    await openssl([
      ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-subj', `/CN=${name}`],
      ...['-keyout', key, '-out', request],
      ...(passphrase === undefined ? ['-nodes'] : ['-passout', `pass:${passphrase}`]),
    ]);
    await writeFile(extensions, `subjectAltName=${names}\n`);
    await openssl([
      ...['x509', '-req', '-in', request, '-CA', by.cert, '-CAkey', by.key, '-CAcreateserial'],
      ...['-days', String(days), '-extfile', extensions, '-out', cert],
    ]);
    return { cert, key };
  }

  remove(): Promise<void> {
    return rm(this.directory, { recursive: true, force: true });
  }

  private paths(name: string): KeyPair {
    return { cert: join(this.directory, `${name}.pem`), key: join(this.directory, `${name}.key`) };
  }
}
