/** What each service did in a trace, in figures. Pure. */
import type { TraceNode } from './trace.js';

export interface ServiceTotal {
  readonly service: string;
  readonly spans: number;
  readonly statements: number;
  readonly errors: number;
  /** Microseconds in which none of its spans' children ran, summed; spans that ran at once count each. */
  readonly selfMicros: number;
}

/** By self time, the longest first. */
export function totalsByService(nodes: readonly TraceNode[]): ServiceTotal[] {
  const totals = new Map<string, { -readonly [Key in keyof ServiceTotal]: ServiceTotal[Key] }>();
  for (const { span, selfMicros } of nodes) {
    const { service } = span;
    const total = totals.get(service) ?? { service, spans: 0, statements: 0, errors: 0, selfMicros: 0 };
    total.spans++;
    if (span.statement !== undefined) total.statements++;
    if (span.error !== undefined) total.errors++;
    total.selfMicros += selfMicros;
    totals.set(service, total);
  }
  return [...totals.values()].sort((a, b) => b.selfMicros - a.selfMicros || (a.service < b.service ? -1 : 1));
}
