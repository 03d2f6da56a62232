/** What a command says at its end of what it did. */
import type { Bridge } from '../bridge.js';
import { total } from '../counts.js';

export interface Summary {
  readonly notifications: number;
  /** Notifications settled after the backend took their span. */
  readonly exported: number;
  readonly spans: number;
  /** Among `spans`, those that lack a half. */
  readonly incomplete: number;
  readonly duplicates: number;
  readonly late: number;
  /** Notifications that made no span because of their kind or a setting. */
  readonly filtered: number;
  readonly rejected: Readonly<Record<string, number>>;
  /** Spans that the backend refused. */
  readonly refused: number;
  /** Notifications that went back to the broker unacknowledged; it gives them out again. */
  readonly returned: number;
  /** Notifications not settled: of open points and of spans that are not taken yet. */
  readonly unacknowledged: number;
}

/** `notifications = exported + duplicates + late + filtered + rejected + returned + unacknowledged`. */
export function summarize({ counts, unacknowledged }: Bridge): Summary & Record<string, unknown> {
  return {
    notifications: counts.received,
    exported: counts.exported,
    spans: counts.spans,
    incomplete: counts.incompleteSpans,
    duplicates: counts.duplicate,
    late: counts.late,
    filtered: total(counts.filtered),
    rejected: Object.fromEntries(counts.rejected),
    refused: counts.refusedSpans,
    returned: counts.returned,
    unacknowledged,
  };
}

/** Whether everything that was read is with the backend, or was never meant to be. */
export function isAllTaken({ counts, unacknowledged }: Bridge): boolean {
  return total(counts.rejected) === 0 && counts.refusedSpans === 0 && unacknowledged === 0;
}

/** The summary as lines for people, without what follows from the rest. Zeroes beside the first three are left out. */
export function formatSummary(summary: Summary): string {
  const { rejected, notifications, exported: _, spans, incomplete, ...others } = summary;
  const lines = [
    `notifications  ${notifications}`,
    `spans          ${spans}`,
    `incomplete     ${incomplete}`,
    ...Object.entries(others)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => `${name.padEnd(14)} ${count}`),
    ...Object.entries(rejected).map(([reason, count]) => `rejected       ${count}  ${reason}`),
  ];
  return `${lines.join('\n')}\n`;
}
