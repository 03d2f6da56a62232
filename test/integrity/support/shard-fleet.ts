/** Sharders and replicas as processes of their own, round one world's broker and backend. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { emptied } from '../../support/emptied.js';
import { BridgeProcess } from './bridge-process.js';
import { until } from './patience.js';
import { QUEUE } from './publisher.js';
import { keyOf } from './recorded-load.js';
import type { World } from './world.js';

/** Halves that killed processes leave behind, of all pairs. */
const MOST_LEFT = 0.05;
const MAIN = fileURLToPath(new URL('../../../src/cli/main.js', import.meta.url));

export function shardName(index: number, shards: number): string {
  return `osprofiler-otel-bridge.shard.${index}-of-${shards}`;
}

export interface Resharded {
  readonly status: number | null;
  readonly output: string;
  readonly log: string;
}

export class ShardFleet {
  readonly sharders: BridgeProcess[] = [];
  readonly replicas: BridgeProcess[] = [];

  constructor(
    test: TestContext,
    private readonly world: World,
    /** `--shard-count` and its value come first. */
    private readonly shardArguments: readonly string[],
    private readonly replicaArguments: readonly string[] = [],
  ) {
    test.after(() => Promise.all([...this.sharders, ...this.replicas].map((each) => each.kill())));
  }

  startSharder(): BridgeProcess {
    const sharder = new BridgeProcess([...this.where, ...this.shardArguments], {}, 'shard');
    this.sharders.push(sharder);
    return sharder;
  }

  startReplica(...args: readonly string[]): BridgeProcess {
    const choice = args.length > 0 ? args : ['--shards', 'auto'];
    const endpoint = ['--endpoint', this.world.backend.url, '--batch-max-size', '64'];
    const replica = new BridgeProcess([...this.where, ...endpoint, ...choice, ...this.replicaArguments]);
    this.replicas.push(replica);
    return replica;
  }

  /** Kills one of them and starts another in its place. */
  async replaceOne(kind: 'sharders' | 'replicas', index: number): Promise<void> {
    const [old] = this[kind].splice(index, 1);
    await old!.kill();
    if (kind === 'sharders') this.startSharder();
    else this.startReplica();
  }

  /**
   * Runs `reshard`.
   * @param killedAfterMs kills it then, if it still runs.
   * @returns its exit status and what it wrote.
   */
  async reshard(count: number, killedAfterMs?: number): Promise<Resharded> {
    const command = [MAIN, 'reshard', '--log-format', 'json', ...this.where, '--shard-count', String(count)];
    const child = spawn(process.execPath, [...command, ...this.shardArguments.slice(2)], {
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (killedAfterMs !== undefined) setTimeout(() => child.kill('SIGKILL'), killedAfterMs).unref();
    const written = Promise.all([text(child.stdout), text(child.stderr)]);
    const [status] = (await once(child, 'close')) as [number | null];
    const [output, log] = await written;
    return { status, output, log };
  }

  /** How many shards each replica says that it has, the fewest first. */
  get spread(): number[] {
    return this.replicas.map((replica) => shardsOf(replica).length).sort((one, other) => one - other);
  }

  /** Resolves when the replicas have these numbers of shards, the fewest first, and no shard is in two hands. */
  async untilSpread(...expected: readonly number[]): Promise<void> {
    await until(
      () =>
        `shards spread ${expected.join()}; it is ${this.replicas.map((replica) => shardsOf(replica).join('+')).join(' ')}\n${this.replicas.map(({ text: said }) => said.slice(-1_500)).join('\n\n')}`,
      () => {
        const all = this.replicas.flatMap(shardsOf);
        return this.spread.join() === expected.join() && new Set(all).size === all.length;
      },
    );
  }

  /** Ends all of them in order. */
  async stop(): Promise<{
    readonly sharders: Record<string, unknown>[];
    readonly replicas: Record<string, unknown>[];
  }> {
    const end = async (each: BridgeProcess) =>
      (await each.stop()).summary as unknown as Record<string, unknown>;
    const sharders = await Promise.all(this.sharders.splice(0).map(end));
    const replicas = await Promise.all(this.replicas.splice(0).map(end));
    return { sharders, replicas };
  }

  /**
   * The whole verdict, when everything has been published: all of it arrives, and once the sharders and replicas have
   * met again what came back and have ended, nothing is left but second halves of what was taken.
   * @returns what happened, in words.
   */
  async verdict(shards: number): Promise<string> {
    const { world } = this;
    await world.untilAllTaken();
    // The sharders first: what they meet again goes to the shards.
    await world.untilMetAgain();
    for (let index = 0; index < shards; index++) await world.untilMetAgain(shardName(index, shards));
    await this.stop();
    world.assertNothingLost();
    const left = await leftIn(world, shards);
    return `${world.load.pairs.size} pairs; ${world.backend.duplicates} spans came more than once; ${left} second halves left`;
  }

  private get where(): string[] {
    const { broker, vhost } = this.world;
    return ['--transport-url', `rabbit://guest:guest@127.0.0.1:${broker.port}/${vhost}`];
  }
}

/** As it last said. */
function shardsOf({ lines }: BridgeProcess): readonly number[] {
  const said = lines.findLast(({ message }) => message === 'consuming shards');
  return (said?.['shards'] as readonly number[] | undefined) ?? [];
}

/** Checks that what is left belongs to pairs that were taken, and that it is little. @returns how many messages. */
async function leftIn(world: World, shards: number): Promise<number> {
  const queues = [QUEUE, ...Array.from({ length: shards }, (_, index) => shardName(index, shards))];
  const messages = (
    await Promise.all(
      queues.map((queue) => world.broker.withChannel(world.vhost, (channel) => emptied(channel, queue))),
    )
  ).flat();
  const strangers = messages.filter(({ content }) => !world.backend.spans.has(keyOf(content)));
  assert.deepEqual(strangers, []);
  assert.ok(
    messages.length < world.load.pairs.size * MOST_LEFT,
    `${messages.length} halves were left behind, of ${new Set(messages.map(({ content }) => keyOf(content))).size} pairs`,
  );
  return messages.length;
}
