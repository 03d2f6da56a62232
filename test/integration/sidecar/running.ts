/** The command `run` or `shard` in this process, against a real broker, and what its HTTP server answers. */
import type { TestContext } from 'node:test';
import { execute } from '../../../src/cli/commands/run.js';
import { execute as shard } from '../../../src/cli/commands/shard.js';
import type { Readiness } from '../../../src/sidecar/readiness.js';
import { load } from '../../settings/load.js';
import { type Scrape, scrapeFrom } from '../../sidecar/scrape.js';
import type { OtlpReceiver } from '../../support/otlp-receiver.js';
import { eventually, type TestUser, type TestVhost } from '../../support/rabbitmq.js';
import { RememberingLog } from '../../support/receiving.js';

export class RunningBridge {
  readonly log = new RememberingLog();
  #stop: () => void = () => undefined;
  #ended: Promise<number> | undefined;

  /** Runs until the test ends; exports that a test leaves without an answer are not waited for. */
  static async start(
    test: Pick<TestContext, 'after'>,
    transportUrl: string,
    backend: OtlpReceiver,
    args: readonly string[] = [],
  ): Promise<RunningBridge> {
    const own = ['--transport-url', transportUrl, '--endpoint', backend.url, ...args];
    return RunningBridge.#begin(test, 'run', own, 'started');
  }

  /** `shard` until the test ends. */
  static startSharder(
    test: Pick<TestContext, 'after'>,
    transportUrl: string,
    args: readonly string[] = [],
  ): Promise<RunningBridge> {
    const own = ['--transport-url', transportUrl, '--shard-queue-type', 'classic', ...args];
    return RunningBridge.#begin(test, 'shard', own, 'started');
  }

  static async #begin(
    test: Pick<TestContext, 'after'>,
    command: 'run' | 'shard',
    args: readonly string[],
    sign: string,
  ): Promise<RunningBridge> {
    const bridge = new RunningBridge();
    const own = [command, '--listen', '127.0.0.1:0', '--drain-timeout', '0s'];
    const { settings } = await load({ args: [...own, ...args] });
    bridge.#ended = (command === 'run' ? execute : shard)(settings, {
      log: bridge.log,
      stdout: process.stdout,
      stderr: process.stderr,
      stdin: process.stdin,
      env: {},
      onStopSignal: (handler) => {
        bridge.#stop = () => handler('SIGTERM');
      },
    });
    // A drain that was cut short is no failure of these tests.
    bridge.#ended.catch(() => undefined);
    test.after(() => bridge.stop());
    await eventually(() => bridge.log.text.includes(sign));
    return bridge;
  }

  get url(): string {
    const line = this.log.lines.find(({ fields }) => 'url' in fields);
    return String(line?.fields['url']);
  }

  async readiness(): Promise<{ readonly status: number; readonly body: Readiness }> {
    const response = await fetch(`${this.url}/readyz`);
    return { status: response.status, body: (await response.json()) as Readiness };
  }

  /** Waits until `/readyz` says so. */
  untilReadiness(state: Readiness['state'], code?: string): Promise<Readiness> {
    return eventually(async () => {
      const { body } = await this.readiness();
      const isSo = code === undefined || body.reasons.some((reason) => reason.code === code);
      return body.state === state && isSo ? body : undefined;
    });
  }

  async isAlive(): Promise<boolean> {
    return (await fetch(`${this.url}/livez`)).ok;
  }

  scrape(): Promise<Scrape> {
    return scrapeFrom(this.url);
  }

  async stop(): Promise<void> {
    this.#stop();
    await this.#ended?.catch(() => undefined);
  }
}

/** The transport URL of a user in a virtual host. */
export function transportUrl(vhost: TestVhost, { username, password }: TestUser): string {
  const { hosts } = vhost.address();
  const [{ host, port }] = hosts as [{ host: string; port: number }];
  return `rabbit://${username}:${password}@${host}:${port}/${vhost.name}`;
}
