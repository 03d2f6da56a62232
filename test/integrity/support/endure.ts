/** One bridge that lives through many faults while notifications are published. */
import { moment } from './patience.js';
import { ROUNDS } from './random.js';
import { CONSUMING, type World } from './world.js';

/** Strikes while notifications are published. */
export type Fault = (world: World) => Promise<void>;

const PER_FAULT = 800;
/** After this long the bridge takes a connection for a good one, and does not wait ever longer before the next. */
const STEADY_MS = 1_000;

/** At a random moment of the publishing. */
export function atRandom(strike: (world: World) => Promise<void> | void): Fault {
  return async (world) => {
    await moment(world.random.below(300));
    await strike(world);
  };
}

/** So many of each. */
export function repeat(...counts: readonly (readonly [Fault, number])[]): Fault[] {
  return counts.flatMap(([fault, count]) => Array<Fault>(count * ROUNDS).fill(fault));
}

/** Each of the faults must end the connection, and the bridge must come back by itself. */
export async function endure(world: World, faults: readonly Fault[]): Promise<void> {
  const bridge = await world.consumingBridge();
  for (const fault of faults) {
    const consumed = bridge.count(CONSUMING);
    await moment(STEADY_MS);
    await Promise.all([world.publishNext(PER_FAULT), fault(world)]);
    await bridge.untilLogged(CONSUMING, consumed + 1);
  }
  await world.publishRest();
  await world.verdict(bridge);
}
