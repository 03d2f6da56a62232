/** A real backend that takes OTLP: with a configuration and data in a directory of its own, started again in it at will. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../support/ports.js';
import type { Protocol } from './recordings.js';
import { askText, executable, ServerProcess } from './server-process.js';

/** Of 127.0.0.1. `metrics` is where it tells of itself in Prometheus's form. */
export interface OtlpPorts {
  readonly grpc: number;
  readonly http: number;
  readonly metrics: number;
}

/** Where a backend lives. */
export interface Home<Ports extends OtlpPorts> {
  /** An environment variable that names the executable. */
  readonly variable: string;
  readonly directory: string;
  readonly ports: Ports;
}

const CONFIGURATION = 'config.yaml';

export abstract class OtlpServer<Ports extends OtlpPorts = OtlpPorts> {
  protected process: ServerProcess;

  protected constructor(protected readonly home: Home<Ports>) {
    this.process = launch(home);
  }

  /** Where the bridge sends to. */
  url(protocol: Protocol = 'http/json'): string {
    const { grpc, http } = this.home.ports;
    return `http://127.0.0.1:${protocol === 'grpc' ? grpc : http}`;
  }

  /** Ends it in order: it writes what it has. */
  stop(): Promise<void> {
    return this.process.end();
  }

  /** Ends at once, as in a power cut. */
  kill(): Promise<void> {
    return this.process.end('SIGKILL');
  }

  /** Starts again, on the same ports and data. */
  async restart(): Promise<void> {
    this.process = launch(this.home);
    await this.untilReady();
  }

  /** Ends it, and removes what it wrote. */
  async remove(): Promise<void> {
    await this.kill();
    await rm(this.home.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  protected async untilReady(): Promise<void> {
    await this.process.until('is ready', () => this.process.output.includes('Everything is ready'));
  }

  /** What it says of itself, in Prometheus's text form. */
  protected metrics(): Promise<string> {
    return this.process.until('tells its metrics', () =>
      askText(`http://127.0.0.1:${this.home.ports.metrics}/metrics`),
    );
  }
}

/**
 * Makes a directory with a configuration, and finds a free port for each of the names.
 * @param configure gives the configuration, which is JSON, and so is YAML.
 */
export async function furnish<Name extends string>(
  name: string,
  portNames: readonly (Name | keyof OtlpPorts)[],
  configure: (ports: OtlpPorts & Record<Name, number>, directory: string) => object,
): Promise<Home<OtlpPorts & Record<Name, number>>> {
  const directory = await mkdtemp(join(tmpdir(), `osprofiler-bridge-${name}-`));
  const numbers = await freePorts(portNames.length);
  const ports = Object.fromEntries(portNames.map((each, index) => [each, numbers[index]!]));
  const named = ports as Record<string, number> as OtlpPorts & Record<Name, number>;
  await writeFile(join(directory, CONFIGURATION), JSON.stringify(configure(named, directory)));
  return { variable: `OSPROFILER_BRIDGE_TEST_${name.toUpperCase()}`, directory, ports: named };
}

function launch({ variable, directory }: Home<OtlpPorts>): ServerProcess {
  return new ServerProcess(executable(variable), ['--config', join(directory, CONFIGURATION)]);
}

/** A pull reader of the Collector's own metrics, which Jaeger has, too. */
export function ownMetrics({ metrics }: OtlpPorts): object {
  return {
    metrics: { readers: [{ pull: { exporter: { prometheus: { host: '127.0.0.1', port: metrics } } } }] },
  };
}

/** `endpoint` of a part of the Collector. */
export function at(port: number): { readonly endpoint: string } {
  return { endpoint: `127.0.0.1:${port}` };
}
