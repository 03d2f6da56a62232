/**
 * Who takes how many shards. Each replica decides for itself, from what all of them can see on the broker: how many
 * they are, which shards nobody has, and whether somebody has too few. Pure.
 */

export interface Outlook {
  readonly shards: number;
  /** Replicas that share the shards, this one among them. */
  readonly replicas: number;
  /** The shards that this replica has, in the order in which it took them. */
  readonly held: readonly number[];
  /** Shards that nobody has. */
  readonly free: readonly number[];
  /** Another replica has less than its share, and finds nothing to take. */
  readonly isSomebodyWanting: boolean;
}

export interface Move {
  readonly release: readonly number[];
  readonly claim: readonly number[];
  /** Who has less than this has too little. */
  readonly least: number;
}

/**
 * Nobody has more than the share rounded up. Who has more than the share rounded down gives one away when another has
 * less than that; since several may see it at the same moment, chance decides which of them does, and those who gave
 * too much take it back as free. The latest taken go first: it has the least that is open.
 * @param random uniform in [0, 1).
 */
export function planMove(outlook: Outlook, random: () => number): Move {
  const { shards, replicas, held, free, isSomebodyWanting } = outlook;
  const least = Math.floor(shards / replicas);
  const most = Math.ceil(shards / replicas);
  if (held.length > most) return { release: held.slice(most), claim: [], least };
  if (held.length > least && isSomebodyWanting && random() < 0.5) {
    return { release: held.slice(-1), claim: [], least };
  }
  // While somebody has less than the lower bound, who has that much leaves the free ones to them.
  const goal = isSomebodyWanting ? least : most;
  const claim = rotated(free, random).slice(0, Math.max(0, goal - held.length));
  return { release: [], claim, least };
}

/** From a random one on, so that replicas that look at the same moment do not all reach for the same one. */
function rotated(indices: readonly number[], random: () => number): number[] {
  const from = Math.floor(random() * indices.length);
  return [...indices.slice(from), ...indices.slice(0, from)];
}
