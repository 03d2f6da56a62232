/** How many deliveries a receiver may have unacknowledged. */

import { type AssemblerOptions, heldBound } from './assembler.js';
import { type BatchOptions, DEFAULT_BATCH } from './export/batcher.js';

/** AMQP's prefetch count is an unsigned 16-bit number. */
const MAX_PREFETCH = 65_535;

/**
 * The prefetch for a bridge with these options: the deliveries that the assembler holds back at most, and the two events
 * of every span in a batch that fills or is on its way. More than the former, so that a window full of starts still
 * lets their stops in.
 * @returns 1 to 65,535.
 */
export function windowFor(
  translate: AssemblerOptions = {},
  batch: Partial<Pick<BatchOptions, 'maxSize' | 'maxInFlight'>> = {},
): number {
  const { maxSize, maxInFlight } = { ...DEFAULT_BATCH, ...batch };
  return Math.min(MAX_PREFETCH, heldBound(translate) + 2 * maxSize * (maxInFlight + 1));
}
