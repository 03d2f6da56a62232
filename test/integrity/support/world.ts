/**
 * One scenario's world: services that publish, a broker, a network, bridges, a backend; and the verdict on what
 * became of the notifications.
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { Backend } from './backend.js';
import { BridgeProcess, type Summary } from './bridge-process.js';
import type { Broker } from './broker.js';
import { FaultyProxy } from './faulty-proxy.js';
import { until } from './patience.js';
import { Publisher, QUEUE } from './publisher.js';
import { Random } from './random.js';
import { keyOf, RecordedLoad } from './recorded-load.js';

export interface WorldOptions {
  /** Of the queue, such as its type. */
  readonly queueArguments?: Record<string, unknown>;
  /** Of all bridges. */
  readonly bridgeArguments?: readonly string[];
  /** How many servers boot at a time in the load; 1 by default. */
  readonly boots?: number;
  /** Seconds of AMQP's heartbeat; a silent connection is given up after two of them. */
  readonly heartbeat?: number;
}

export const DEAD_LETTERS = 'osprofiler-otel-bridge.dead-letters';
/** Where the bridge renews what stays open for long. */
export const HOLDING = `osprofiler-otel-bridge.holding.${QUEUE}`;
export const CONSUMING = `consuming ${QUEUE}`;

/** A request that would have been answered is not given up on a busy machine: what it carried would come twice. */
const PATIENT = ['--export-timeout', '60s'];
/** Halves that killed bridges leave behind, of all pairs: far more would mean that halves are not settled together. */
const MOST_LEFT = 0.02;

/**
 * What a bridge may leave in the queue when it ends: nothing; all that went back unacknowledged, to the message; or, when
 * bridges were killed, a half whose pair has been taken.
 */
export type Left = 'nothing' | 'what was returned' | 'second halves';

export interface DeadLetter {
  readonly body: Buffer;
  readonly reason: unknown;
}

export class World {
  readonly random = new Random();
  /** Keys of pairs that the backend will not have, since it refuses them. */
  readonly excused = new Set<string>();
  readonly load: RecordedLoad;
  readonly backend: Backend;
  readonly proxy: FaultyProxy;
  readonly publisher: Publisher;
  private readonly bridges: BridgeProcess[] = [];

  private constructor(
    readonly broker: Broker,
    readonly vhost: string,
    private readonly options: WorldOptions,
    parts: { backend: Backend; proxy: FaultyProxy; publisher: Publisher },
  ) {
    this.load = new RecordedLoad(vhost, options.boots);
    this.backend = parts.backend;
    this.proxy = parts.proxy;
    this.publisher = parts.publisher;
  }

  /** Makes a world that ends with the test. */
  static async create(test: TestContext, broker: Broker, options: WorldOptions = {}): Promise<World> {
    const vhost = await broker.createVhost();
    const world = new World(broker, vhost, options, {
      backend: await Backend.start(),
      proxy: await FaultyProxy.start(broker.port),
      publisher: await Publisher.create(broker.url(vhost), options.queueArguments),
    });
    test.diagnostic(`seed ${world.random.seed}`);
    test.after(() => world.end());
    return world;
  }

  /** Starts a bridge that speaks with the broker through the proxy. */
  startBridge(...args: readonly string[]): BridgeProcess {
    return this.bridgeAt(this.proxy.port, args);
  }

  /** Starts a bridge with a network of its own, which loses nothing: a killed process has sent what it sent. */
  startBridgeElsewhere(): BridgeProcess {
    return this.bridgeAt(this.broker.port, []);
  }

  /** Starts a bridge that logs in as somebody else. */
  startBridgeAs(user: string, password: string): BridgeProcess {
    return this.bridgeAt(this.proxy.port, [], `${user}:${password}`);
  }

  private bridgeAt(port: number, args: readonly string[], login = 'guest:guest'): BridgeProcess {
    const { heartbeat = 30, bridgeArguments = [] } = this.options;
    const url = `rabbit://${login}@127.0.0.1:${port}/${this.vhost}?heartbeat=${heartbeat}`;
    const where = ['--transport-url', url, '--endpoint', this.backend.url];
    const bridge = new BridgeProcess([...where, ...PATIENT, ...bridgeArguments, ...args]);
    this.bridges.push(bridge);
    return bridge;
  }

  /** Starts a bridge, and waits until it consumes. */
  async consumingBridge(...args: readonly string[]): Promise<BridgeProcess> {
    const bridge = this.startBridge(...args);
    await bridge.untilLogged(CONSUMING);
    return bridge;
  }

  /** Publishes the next notifications of the recording. */
  publishNext(count: number): Promise<void> {
    return this.publisher.publish(this.load.take(count));
  }

  /** Publishes what completes the open pairs. */
  publishRest(): Promise<void> {
    return this.publisher.publish(this.load.takeRest());
  }

  /** Resolves when the backend has taken a span of every published pair, but for {@link excused} ones. */
  async untilAllTaken(): Promise<void> {
    await until(
      () => `all at the backend: ${this.missing().length} missing\n${this.bridges.at(-1)?.text}`,
      () =>
        this.backend.spans.size + this.excused.size >= this.load.pairs.size && this.missing().length === 0,
      () => this.backend.spans.size,
    );
  }

  /**
   * What a fault sent back stands before a last pair: when that is taken, whoever consumes the queue has met it all again.
   * @param queue the services', as a rule.
   */
  async untilMetAgain(queue?: string): Promise<void> {
    const pair = this.load.takePairs(1).flat();
    await this.publisher.publish(pair, queue === undefined ? undefined : { exchange: '', routingKey: queue });
    await this.untilAllTaken();
  }

  /** When everything has been published: waits until all of it has been taken, and ends the bridge in order. */
  async finish(bridge: BridgeProcess, left: Left = 'nothing'): Promise<Summary> {
    await this.untilAllTaken();
    await this.untilMetAgain();
    // As a rule: the broker may let the lock of a dead connection go before it has taken back what that one held.
    if (left === 'nothing') for (const queue of [QUEUE, HOLDING]) await this.untilEmpty(queue);
    return this.stop(bridge, left);
  }

  /** Ends the bridge in order, and checks its books and what it left in the queue. */
  async stop(bridge: BridgeProcess, left: Left = 'nothing'): Promise<Summary> {
    const { status, summary } = await bridge.stop();
    assert.equal(status, 0, bridge.text);
    assertLaw(summary);
    if (left === 'second halves') return summary;
    // Unacknowledged messages are ready again by the time that the bridge is gone.
    const ready = await this.broker.ready(this.vhost, QUEUE);
    assert.equal(ready, left === 'nothing' ? 0 : summary.returned, 'messages left in the queue');
    return summary;
  }

  /** Resolves when the broker itself says that everything in a queue has been acknowledged. */
  private async untilEmpty(queue: string): Promise<void> {
    let messages = 0;
    await until(
      () => `${queue} is empty: ${messages} messages\n${this.bridges.at(-1)?.text}`,
      async () => {
        messages = (await this.broker.queueState(this.vhost, queue))?.messages ?? 0;
        return messages === 0;
      },
    );
  }

  /** Every pair arrived at least once, complete and as it was published; what came again was the same to the byte. */
  assertArrived(): void {
    assert.deepEqual(this.missing(), []);
    assert.deepEqual(this.backend.mismatches, []);
    const wrong = [...this.load.pairs].filter(([key, expected]) => {
      const span = this.backend.spans.get(key);
      return (
        span !== undefined &&
        (span.incomplete ||
          span.startTimeUnixNano !== expected.startTimeUnixNano ||
          span.endTimeUnixNano !== expected.endTimeUnixNano)
      );
    });
    assert.deepEqual(wrong, []);
  }

  /** {@link assertArrived}, and nothing came that was never published. */
  assertNothingLost(): void {
    this.assertArrived();
    const strangers = [...this.backend.spans.keys()].filter((key) => !this.load.pairs.has(key));
    assert.deepEqual(strangers, []);
  }

  /**
   * The whole verdict, when everything has been published and bridges were killed: an acknowledgement that was on its
   * way may be lost, and with it one half of a pair stays behind whose other is gone.
   * @returns what happened, in words.
   */
  async verdictAfterKills(bridge: BridgeProcess): Promise<string> {
    await this.finish(bridge, 'second halves');
    this.assertNothingLost();
    const left = await this.assertOnlySecondHalvesLeft();
    const { duplicates } = this.backend;
    return `${this.load.pairs.size} pairs; ${duplicates} spans came more than once; ${left} second halves left`;
  }

  /** The whole verdict, when everything has been published. */
  async verdict(bridge: BridgeProcess): Promise<Summary> {
    const summary = await this.finish(bridge);
    this.assertNothingLost();
    return summary;
  }

  /** Takes everything out of the dead-letter queue. */
  async deadLetters(): Promise<DeadLetter[]> {
    return (await this.broker.empty(this.vhost, DEAD_LETTERS)).map(({ content, properties }) => ({
      body: content,
      reason: properties.headers?.['x-osprofiler-bridge-reason'],
    }));
  }

  /**
   * Checks that what killed bridges left behind belongs to pairs that have been taken, and that it is little.
   * @returns how many messages.
   */
  async assertOnlySecondHalvesLeft(): Promise<number> {
    const queues = await Promise.all([QUEUE, HOLDING].map((queue) => this.broker.empty(this.vhost, queue)));
    const keys = queues.flat().map(({ content }) => keyOf(content));
    assert.deepEqual(
      keys.filter((key) => !this.backend.spans.has(key)),
      [],
    );
    assert.ok(keys.length < this.load.pairs.size * MOST_LEFT, `${keys.length} halves were left behind`);
    return keys.length;
  }

  private missing(): string[] {
    const { spans } = this.backend;
    return [...this.load.pairs.keys()].filter((key) => !spans.has(key) && !this.excused.has(key));
  }

  private async end(): Promise<void> {
    await Promise.all(this.bridges.map((bridge) => bridge.kill()));
    await this.publisher.close();
    await this.proxy.stop();
    await this.backend.close();
    await this.broker.ask('DELETE', `vhosts/${this.vhost}`);
  }
}

/** At every moment, and so at the end, each notification that came in went one way. */
export function assertLaw(summary: Summary): void {
  const { notifications, exported, duplicates, late, filtered, rejected, returned, unacknowledged } = summary;
  const setAside = Object.values(rejected).reduce((sum, count) => sum + count, 0);
  assert.equal(
    exported + duplicates + late + filtered + setAside + returned + unacknowledged,
    notifications,
    JSON.stringify(summary),
  );
}
