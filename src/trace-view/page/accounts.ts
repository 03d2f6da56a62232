/** What became of every notification, by reason, and what there is to do about each. Pure. */
import type { Counts, FilterReason, RejectReason } from '../../counts.js';

export interface Account {
  /** Stable, for links and for what is refreshed. */
  readonly key: string;
  readonly label: string;
  readonly count: number;
  /** What it means, and what to do when that is anything. */
  readonly advice: string;
  /** Whether a count other than zero wants somebody's attention. */
  readonly isTrouble: boolean;
}

/** `received` and the sum of the rest; equal at every moment. */
export interface Ledger {
  readonly received: number;
  readonly accounts: readonly Account[];
  readonly sum: number;
}

type Words = readonly [label: string, advice: string, isTrouble?: boolean];

const FILTERED: Readonly<Record<FilterReason, Words>> = {
  foreign: [
    'another kind of notification',
    'The queue carries more than osprofiler’s. Harmless; a tap bound to profiler.info alone takes in less.',
  ],
  'not-sampled': ['trace not sampled', 'OTEL_TRACES_SAMPLER leaves these traces out, whole ones.'],
  dropped: ['dropped by name', '--drop names these trace points or their family.'],
  'short-sql': ['SQL too short', '--drop-sql-shorter-than leaves out quick statements that did not fail.'],
  'trace-cap': ['trace had its fill', '--max-spans-per-trace caps the spans of one trace.'],
  'not-kept': ['trace not kept', '--keep leaves out traces that neither failed nor were slow.'],
  'not-kept-early': [
    'trace not kept, decided early',
    'A bound was reached before the trace was over; --keep decided by what had come. Raise --keep-max-points, --keep-max-bytes or --keep-deadline if there are many.',
    true,
  ],
};

const MALFORMED =
  'Set aside with the reason. Look with dead-letters list; it is none of osprofiler’s, or was damaged on its way.';

const REJECTED: Readonly<Record<RejectReason, Words>> = {
  'refused-by-backend': [
    'refused by the backend',
    'The backend will never take these spans as they are; the log says its reason. When it is mended: dead-letters replay.',
    true,
  ],
  untranslatable: [
    'untranslatable',
    'A bug of this bridge: please report it with a line of dead-letters list.',
    true,
  ],
  'too-large': [
    'too large',
    'Larger than --max-message-bytes; set aside. Raise it, then dead-letters replay.',
    true,
  ],
  'compression-unsupported': [
    'unknown compression',
    'Use gzip or bzip2 as kombu_compression, or none.',
    true,
  ],
  'compression-corrupt': ['damaged compression', MALFORMED, true],
  'not-utf-8': ['not UTF-8', MALFORMED, true],
  'not-json': ['not JSON', MALFORMED, true],
  'too-deep': ['nested too deep', MALFORMED, true],
  'not-a-notification': ['not a notification', MALFORMED, true],
  'missing-field': ['field missing', MALFORMED, true],
  'wrong-type': ['field of a wrong type', MALFORMED, true],
  'bad-name': ['unusable name', MALFORMED, true],
  'bad-timestamp': ['unusable timestamp', MALFORMED, true],
};

/** The terms of the conservation law. All must be read at one moment. */
export function ledgerOf(counts: Counts, unsettled: number): Ledger {
  const accounts: Account[] = [
    {
      key: 'exported',
      label: 'exported',
      count: counts.exported,
      advice: 'Acknowledged after the backend took their span.',
      isTrouble: false,
    },
    {
      key: 'duplicate',
      label: 'duplicate',
      count: counts.duplicate,
      advice: 'Came again and were exported before; usual after a reconnection.',
      isTrouble: false,
    },
    {
      key: 'late',
      label: 'late',
      count: counts.late,
      advice:
        'Their other half had left as an incomplete span. Raise --pair-timeout or --max-open-points if there are many.',
      isTrouble: true,
    },
    ...reasons('filtered', counts.filtered, FILTERED),
    ...reasons('set aside', counts.rejected, REJECTED),
    {
      key: 'returned',
      label: 'returned',
      count: counts.returned,
      advice: 'Went back to the broker when a connection was lost, or to be renewed; they come again.',
      isTrouble: false,
    },
    {
      key: 'unsettled',
      label: 'not settled yet',
      count: unsettled,
      advice:
        'Of open trace points and of spans on their way. If it grows, the backend is slow or stops are missing.',
      isTrouble: false,
    },
  ];
  const sum = accounts.reduce((all, { count }) => all + count, 0);
  return { received: counts.received, accounts, sum };
}

/** What became of spans beside being taken. */
export function spanAccounts(counts: Counts): Account[] {
  return [
    {
      key: 'spans',
      label: 'spans taken',
      count: counts.spans,
      advice: 'By the backend.',
      isTrouble: false,
    },
    {
      key: 'incompleteSpans',
      label: 'of these incomplete',
      count: counts.incompleteSpans,
      advice:
        'A half never came: a process died, or a call raised where osprofiler does not look. Normal in small numbers.',
      isTrouble: false,
    },
    {
      key: 'refusedSpans',
      label: 'refused one by one',
      count: counts.refusedSpans,
      advice:
        'The backend took the batch without these (partial success); they are gone. The log says its reason.',
      isTrouble: true,
    },
  ];
}

/** Every reason there is, so that what is refreshed has its place from the beginning. */
function reasons<Reason extends string>(
  kind: string,
  counted: ReadonlyMap<Reason, number>,
  words: Readonly<Record<Reason, Words>>,
): Account[] {
  return (Object.entries(words) as [Reason, Words][]).map(([reason, [label, advice, isTrouble = false]]) => ({
    key: `${kind.replace(' ', '-')}-${reason}`,
    label: `${kind}: ${label}`,
    count: counted.get(reason) ?? 0,
    advice,
    isTrouble,
  }));
}
