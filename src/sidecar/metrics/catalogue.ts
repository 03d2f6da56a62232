/**
 * Every metric of the sidecar's own, declared once: the instruments, the documentation and the tests are made from this
 * table. Names follow OpenTelemetry's naming conventions (a namespace of our own, dots, no unit and no `total` in the
 * name), units are UCUM.
 */

import { MALFORMED_REASONS, type MalformedReason } from '../../codec/envelope.js';
import type { FilterReason, RejectReason } from '../../counts.js';
import { RECEIVER_WORDS, UNREADY_CODES } from '../readiness.js';

/** Grows; or goes up and down; or counts values by size. */
export type InstrumentKind = 'counter' | 'updowncounter' | 'gauge' | 'histogram';

export interface MetricDefinition {
  readonly name: string;
  readonly kind: InstrumentKind;
  /** UCUM; `{thing}` counts things, empty: a number without a unit. */
  readonly unit: string;
  readonly description: string;
  /** What tells its series apart, and how many values that can have. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Upper bounds of a histogram's buckets, in its unit. */
  readonly boundaries?: readonly number[];
}

export const OUTCOME = 'osprofiler_bridge.outcome';
export const REASON = 'osprofiler_bridge.reason';
export const STATE = 'osprofiler_bridge.state';
export const BROKER = 'osprofiler_bridge.broker';
/** Of OpenTelemetry's messaging conventions. */
export const QUEUE = 'messaging.destination.name';

/** Every reason there is: a series that begins at 0 lets an alert see its first increase. */
export const REJECT_REASONS: readonly RejectReason[] = [
  ...MALFORMED_REASONS,
  ...keysOf<Exclude<RejectReason, MalformedReason>>({ 'refused-by-backend': true, untranslatable: true }),
];
export const FILTER_REASONS: readonly FilterReason[] = keysOf<FilterReason>({
  foreign: true,
  'not-sampled': true,
  dropped: true,
  'short-sql': true,
  'trace-cap': true,
  'not-kept': true,
  'not-kept-early': true,
});

/** The compiler sees to it that none is missing. */
function keysOf<Key extends string>(all: Readonly<Record<Key, true>>): Key[] {
  return Object.keys(all) as Key[];
}

const OUTCOMES =
  '`exported`, `duplicate`, `late`, `filtered`, `rejected`, `returned`; of the shard command `sharded`, `filtered`, `returned`';
const BY_RECEIVER = {
  [BROKER]: 'the hosts and virtual host of a transport URL, without credentials; one for each broker',
  [QUEUE]: 'the queue, or `rabbitmq shards` and which; one for each broker',
};

/** Seconds: from a fast answer on this machine to the longest that an export is waited for. */
const EXPORT_BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30];
/** Seconds: from the batch's own delay to the backlog of a day. */
const LAG_BOUNDARIES = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400];

const notifications = {
  received: {
    name: 'osprofiler_bridge.notifications.received',
    kind: 'counter',
    unit: '{notification}',
    description: 'Notifications that receivers handed over, those given out again included.',
  },
  processed: {
    name: 'osprofiler_bridge.notifications.processed',
    kind: 'counter',
    unit: '{notification}',
    description:
      'What became of them; received = the sum of these + unacknowledged, at every moment. returned went back to the broker, which gives them out again; exported ones were acknowledged after the backend took their span, sharded ones after the broker confirmed them in their shard.',
    attributes: {
      [OUTCOME]: OUTCOMES,
      [REASON]: 'of `filtered` and `rejected` only: the reasons in [errors.md](errors.md)',
    },
  },
  unacknowledged: {
    name: 'osprofiler_bridge.notifications.unacknowledged',
    kind: 'updowncounter',
    unit: '{notification}',
    description:
      'Notifications that are not settled yet: of open points, and of spans without an outcome; or on their way to shards.',
  },
  heldForShards: {
    name: 'osprofiler_bridge.shards.held',
    kind: 'updowncounter',
    unit: '{notification}',
    description:
      'Of the shard command, among the unacknowledged: those that wait because the shards cannot be written. Anything but 0 for long needs somebody to look.',
  },
  requeued: {
    name: 'osprofiler_bridge.notifications.requeued',
    kind: 'counter',
    unit: '{notification}',
    description: 'Notifications of long open points that went round by the holding queue.',
    attributes: BY_RECEIVER,
  },
  fromHoldingQueue: {
    name: 'osprofiler_bridge.notifications.from_holding_queue',
    kind: 'updowncounter',
    unit: '{notification}',
    description: 'Among the unacknowledged: those that came back from the holding queue.',
    attributes: BY_RECEIVER,
  },
  receivedBytes: {
    name: 'osprofiler_bridge.received.io',
    kind: 'counter',
    unit: 'By',
    description: 'Bytes of the received notifications, as they came.',
  },
  exportedBytes: {
    name: 'osprofiler_bridge.exported.io',
    kind: 'counter',
    unit: 'By',
    description: 'Bytes of the notifications that were exported; those of what was sent are other ones.',
  },
  deadLetters: {
    name: 'osprofiler_bridge.dead_letters.written',
    kind: 'counter',
    unit: '{notification}',
    description: 'Notifications written to the dead-letter queue.',
    attributes: BY_RECEIVER,
  },
  heldDeadLetters: {
    name: 'osprofiler_bridge.dead_letters.held',
    kind: 'updowncounter',
    unit: '{notification}',
    description:
      'Rejected notifications that cannot be written to the dead-letter queue and are held. Anything but 0 needs somebody to look.',
    attributes: BY_RECEIVER,
  },
} as const satisfies Record<string, MetricDefinition>;

const spans = {
  openPoints: {
    name: 'osprofiler_bridge.points.open',
    kind: 'updowncounter',
    unit: '{point}',
    description: 'Trace points that wait for their other half.',
  },
  inFlightSpans: {
    name: 'osprofiler_bridge.spans.pending',
    kind: 'updowncounter',
    unit: '{span}',
    description: 'Spans that are made and have no outcome yet.',
  },
  incomplete: {
    name: 'osprofiler_bridge.spans.incomplete',
    kind: 'counter',
    unit: '{span}',
    description: 'Spans accepted by the backend that lack their start or stop.',
  },
  sentSpans: {
    name: 'osprofiler_bridge.export.spans',
    kind: 'counter',
    unit: '{span}',
    description:
      'Spans sent, by what became of them: accepted; refused by the backend out of a batch that it accepted; rejected for good; retried, and counted again.',
    attributes: { [OUTCOME]: '`accepted`, `refused`, `rejected`, `retried`' },
  },
  exportDuration: {
    name: 'osprofiler_bridge.export.duration',
    kind: 'histogram',
    unit: 's',
    description: "From a batch's sending to the backend's answer.",
    attributes: { [OUTCOME]: '`accepted`, `retryable`, `permanent`' },
    boundaries: EXPORT_BOUNDARIES,
  },
  lag: {
    name: 'osprofiler_bridge.export.lag',
    kind: 'histogram',
    unit: 's',
    description: "From a span's end, by the service's clock, until the backend had accepted it.",
    boundaries: LAG_BOUNDARIES,
  },
  inFlight: {
    name: 'osprofiler_bridge.export.in_flight',
    kind: 'updowncounter',
    unit: '{batch}',
    description: 'Batches that were sent and are not answered yet.',
  },
} as const satisfies Record<string, MetricDefinition>;

const around = {
  ready: {
    name: 'osprofiler_bridge.ready',
    kind: 'gauge',
    unit: '',
    description: '1 while /readyz answers 200, else 0. A standby is ready.',
  },
  unreadyReasons: {
    name: 'osprofiler_bridge.unready',
    kind: 'gauge',
    unit: '',
    description: '1 for each reason why /readyz answers 503, 0 for the others.',
    attributes: { [REASON]: UNREADY_CODES.map((code) => `\`${code}\``).join(', ') },
  },
  receivers: {
    name: 'osprofiler_bridge.receivers',
    kind: 'updowncounter',
    unit: '{receiver}',
    description: 'Receivers by what they do.',
    attributes: { [STATE]: RECEIVER_WORDS.map((word) => `\`${word}\``).join(', ') },
  },
  reconnects: {
    name: 'osprofiler_bridge.broker.reconnects',
    kind: 'counter',
    unit: '{connection}',
    description: 'Connections to the broker made after the first one.',
    attributes: BY_RECEIVER,
  },
  blocked: {
    name: 'osprofiler_bridge.broker.blocked',
    kind: 'gauge',
    unit: '',
    description:
      '1 while the broker takes no publications for want of memory or disk: nothing can be set aside or renewed.',
    attributes: BY_RECEIVER,
  },
  queueDepth: {
    name: 'osprofiler_bridge.queue.depth',
    kind: 'updowncounter',
    unit: '{message}',
    description:
      'Messages that wait in the queue, without those handed out; absent while nobody can tell. Of shards: the sum of those that this replica has.',
    attributes: BY_RECEIVER,
  },
  queueConsumers: {
    name: 'osprofiler_bridge.queue.consumers',
    kind: 'updowncounter',
    unit: '{consumer}',
    description:
      'Consumers of the queue, our own included; another than the bridge would tear pairs apart. Of shards: the most that one of this replica has.',
    attributes: BY_RECEIVER,
  },
} as const satisfies Record<string, MetricDefinition>;

/** Every metric of our own, in the order of the documentation. */
export const METRICS = { ...notifications, ...spans, ...around };

export type MetricName = keyof typeof METRICS;
