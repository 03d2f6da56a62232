/** What happened to every notification, by reason, and what to do about each. Pure. */
import type { Counts, FilterReason, RejectReason } from '../../counts.js';

export interface Total {
  readonly label: string;
  readonly count: number;
  /** What it means, and what to do, where anything is to be done. */
  readonly advice: string;
  /** A count other than zero needs attention. */
  readonly isTrouble: boolean;
  /** Shown when it is zero, too. */
  readonly isUsual: boolean;
}

/** The accounting identity: `received` equals `sum` at every moment. */
export interface Accounting {
  readonly received: number;
  readonly sum: number;
  readonly notifications: readonly Total[];
  readonly spans: readonly Total[];
}

type Words = readonly [label: string, advice: string, isTrouble?: boolean];

const FILTERED: Readonly<Record<FilterReason, Words>> = {
  foreign: [
    'not from osprofiler',
    'Other services’ notifications share the queue. Harmless; a tap bound to profiler.info alone receives fewer.',
  ],
  'not-sampled': ['trace not sampled', 'Whole traces that OTEL_TRACES_SAMPLER leaves out.'],
  dropped: ['dropped by name', '--drop matches these trace points.'],
  'short-sql': ['SQL too short', '--drop-sql-shorter-than leaves out quick statements that did not fail.'],
  'trace-cap': ['per-trace span limit reached', '--max-spans-per-trace limits the spans of one trace.'],
  'not-kept': ['trace not kept', '--keep leaves out traces that neither failed nor were slow.'],
  'not-kept-early': [
    'trace not kept, decided early',
    'A limit was reached before the trace was complete, so --keep decided by what had arrived. If there are many, raise --keep-max-points, --keep-max-bytes or --keep-deadline.',
    true,
  ],
};

const MALFORMED =
  'Moved to the dead-letter queue: not an osprofiler notification, or corrupted in transit. Inspect with dead-letters list.';

const REJECTED: Readonly<Record<RejectReason, Words>> = {
  'refused-by-backend': [
    'refused by the backend',
    'The backend will never accept these spans as they are; the log has its reason. After fixing it: dead-letters replay.',
  ],
  untranslatable: [
    'untranslatable',
    'A bug in the bridge: please report it with a line of dead-letters list.',
  ],
  'too-large': ['too large', 'Larger than --max-message-bytes. Raise it, then dead-letters replay.'],
  'compression-unsupported': ['unknown compression', 'Set kombu_compression to gzip or bzip2, or to none.'],
  'compression-corrupt': ['damaged compression', MALFORMED],
  'not-utf-8': ['not UTF-8', MALFORMED],
  'not-json': ['not JSON', MALFORMED],
  'too-deep': ['nested too deep', MALFORMED],
  'not-a-notification': ['not a notification', MALFORMED],
  'missing-field': ['field missing', MALFORMED],
  'wrong-type': ['field of a wrong type', MALFORMED],
  'bad-name': ['unusable name', MALFORMED],
  'bad-timestamp': ['unusable timestamp', MALFORMED],
};

const EXPORTED: Words = ['exported', 'Acknowledged after the backend accepted their span.'];
const DUPLICATE: Words = [
  'duplicate',
  'Redelivered although their span was exported or their trace point is open; usual after a reconnect.',
];
const LATE: Words = [
  'late',
  'Arrived after its trace point had been exported as incomplete. If there are many, raise --pair-timeout or --max-open-points.',
  true,
];
const RETURNED: Words = [
  'returned',
  'Requeued, or on a connection that was lost; the broker delivers them again.',
];
const UNACKNOWLEDGED: Words = [
  'unacknowledged',
  'Of open trace points and of spans in flight. If it grows, the backend is slow or stops are missing.',
];
const SPANS: Words = ['spans accepted', 'By the backend.'];
const INCOMPLETE: Words = [
  'of these incomplete',
  'The matching start or stop never arrived: the process died, or an exception bypassed osprofiler. Normal in small numbers.',
];
const REFUSED: Words = [
  'spans refused one by one',
  'The backend accepted the batch without these (partial success); they are lost. The log has its reason.',
  true,
];

/** @param unacknowledged read at the same moment as the counts */
export function accountingOf(counts: Counts, unacknowledged: number): Accounting {
  const notifications = [
    usual(EXPORTED, counts.exported),
    usual(DUPLICATE, counts.duplicate),
    usual(LATE, counts.late),
    ...byReason('filtered', FILTERED, counts.filtered),
    ...byReason('dead-lettered', REJECTED, counts.rejected, true),
    usual(RETURNED, counts.returned),
    usual(UNACKNOWLEDGED, unacknowledged),
  ];
  return {
    received: counts.received,
    sum: notifications.reduce((sum, { count }) => sum + count, 0),
    notifications,
    spans: [
      usual(SPANS, counts.spans),
      usual(INCOMPLETE, counts.incompleteSpans),
      { ...usual(REFUSED, counts.refusedSpans), isUsual: false },
    ],
  };
}

function usual([label, advice, isTrouble = false]: Words, count: number): Total {
  return { label, count, advice, isTrouble, isUsual: true };
}

function byReason<Reason extends string>(
  outcome: string,
  words: Readonly<Record<Reason, Words>>,
  counts: ReadonlyMap<Reason, number>,
  areTrouble = false,
): Total[] {
  return (Object.entries(words) as [Reason, Words][]).map(([reason, [label, advice, isTrouble]]) => ({
    label: `${outcome}: ${label}`,
    count: counts.get(reason) ?? 0,
    advice,
    isTrouble: isTrouble ?? areTrouble,
    isUsual: false,
  }));
}
