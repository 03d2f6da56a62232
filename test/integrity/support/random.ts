/** Chance that can be repeated: the same seed, the same moments. */

const DEFAULT_SEED = 20_260;

/** The seed of a run: `OSPROFILER_BRIDGE_TEST_SEED`, or always the same. */
export const SEED = Number(process.env['OSPROFILER_BRIDGE_TEST_SEED'] ?? DEFAULT_SEED);

/** How many times as often as by default faults are made: 1, or what `--soak` says. */
export const ROUNDS = Number(process.env['OSPROFILER_BRIDGE_TEST_ROUNDS'] ?? 1);

/** Marsaglia's xorshift, 32 bits. */
export class Random {
  private state: number;

  /** @param seed any integer. */
  constructor(readonly seed: number = SEED) {
    this.state = Math.imul(seed, 2_654_435_761) | 1;
  }

  /** An integer from 0 to below `bound`. */
  below(bound: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % bound;
  }

  /** One of them. */
  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  /** All of them, in another order. */
  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      [shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!];
    }
    return shuffled;
  }
}
