/** Whether notifications can become spans now, and if not, why. Pure. */
import type { Receiver } from '../contracts.js';
import type { BackendFailure } from '../export/health.js';
import { formatDuration } from '../settings/units.js';

/** Stable: scripts and alerts may match on them. */
export const UNREADY_CODES = [
  /** A receiver has not reached its broker yet. */
  'receiver-connecting',
  /** A receiver waits for something; the message says for what. */
  'receiver-waiting',
  /** A receiver has ended. */
  'receiver-ended',
  /** The backend refused what it was sent last. */
  'backend-refusing',
  /** The shards cannot be written to; what comes is held. */
  'shards-refusing',
  /** The bridge is on its way out. */
  'stopping',
] as const;

export type UnreadyCode = (typeof UNREADY_CODES)[number];

export interface UnreadyReason {
  readonly code: UnreadyCode;
  /** For people. */
  readonly message: string;
  /** Which receiver, when it is one's. */
  readonly receiver?: string;
}

/** What `/readyz` answers. */
export interface Readiness {
  readonly ready: boolean;
  /**
   * `standby`: everything works, and another bridge consumes the queue. That is ready: the replica does all that is
   * asked of it, and a rollout or a PodDisruptionBudget that counted it as failing would never get both replicas ready,
   * since one of two always stands by. Who wants to know which one works reads this, or the metric of receivers by state.
   */
  readonly state: 'working' | 'standby' | 'unready';
  /** Empty when ready. */
  readonly reasons: readonly UnreadyReason[];
  readonly receivers: readonly {
    readonly name: string;
    readonly state: ReceiverWord;
    readonly reason?: string;
  }[];
}

export type ReceiverWord = 'connecting' | 'waiting' | 'standby' | 'consuming' | 'ended';

export const RECEIVER_WORDS: readonly ReceiverWord[] = [
  'consuming',
  'standby',
  'waiting',
  'connecting',
  'ended',
];

export interface ReadinessInput {
  readonly receivers: readonly Pick<Receiver, 'name' | 'state'>[];
  /** Undefined while the backend accepts spans. */
  readonly backendFailure: BackendFailure | undefined;
  /** Why shards cannot be written to, when they are to be. */
  readonly shardsRefusals?: readonly string[];
  readonly isStopping: boolean;
}

export function judgeReadiness(input: ReadinessInput): Readiness {
  const { receivers, backendFailure, shardsRefusals = [], isStopping } = input;
  const reasons = receivers.flatMap(reasonOf);
  if (backendFailure !== undefined)
    reasons.push({ code: 'backend-refusing', message: describeFailure(backendFailure) });
  for (const message of shardsRefusals) reasons.push({ code: 'shards-refusing', message });
  if (isStopping) reasons.push({ code: 'stopping', message: 'the bridge was told to stop' });
  const states = receivers.map((receiver) => ({ name: receiver.name, ...describe(receiver) }));
  const ready = reasons.length === 0;
  const isStandby = states.some(({ state }) => state === 'standby');
  return { ready, state: !ready ? 'unready' : isStandby ? 'standby' : 'working', reasons, receivers: states };
}

/** Why the backend accepts nothing, in words. */
export function describeFailure({ reason, hint, forMs }: BackendFailure): string {
  const duration = formatDuration(Math.round(forMs / 1000) * 1000 || 1);
  return `the backend has accepted nothing for ${duration}: ${reason}${hint === undefined ? '' : `; ${hint}`}`;
}

/** The word for a receiver's state, and what it waits for. */
export function describe({ state }: Pick<Receiver, 'state'>): {
  readonly state: ReceiverWord;
  readonly reason?: string;
} {
  if (state.kind !== 'waiting') return { state: state.kind };
  return { state: state.isStandby === true ? 'standby' : 'waiting', reason: state.reason };
}

function reasonOf(receiver: Pick<Receiver, 'name' | 'state'>): UnreadyReason[] {
  const { state, reason } = describe(receiver);
  switch (state) {
    case 'consuming':
    case 'standby':
      return [];
    case 'connecting':
      return [{ code: 'receiver-connecting', message: 'connecting to the broker', receiver: receiver.name }];
    case 'waiting':
      return [{ code: 'receiver-waiting', message: reason ?? '', receiver: receiver.name }];
    case 'ended':
      return [{ code: 'receiver-ended', message: 'nothing more is taken in', receiver: receiver.name }];
  }
}
