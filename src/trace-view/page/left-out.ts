/** What the page cannot show, since settings leave it out. Pure. */
import { TailSampler } from '../../mapping/tail-sampler.js';
import type { TranslatorOptions } from '../../translator.js';

/** A sentence for each such setting. */
export function leftOutBy(options: TranslatorOptions): string[] {
  const { sampleRatio = 1, drop = [], dropSqlShorterThanMs, maxSpansPerTrace = 0 } = options;
  const percent = Math.round(sampleRatio * 10_000) / 100;
  return [
    ...(sampleRatio < 1
      ? [`${percent} % of traces are sampled; the others appear neither here nor in the backend.`]
      : []),
    ...(new TailSampler(options).isActive
      ? ['--keep decides when a trace is complete: until then only its open trace points are shown.']
      : []),
    ...(drop.length > 0 || dropSqlShorterThanMs !== undefined || maxSpansPerTrace > 0
      ? ['Spans that a setting drops are not shown, and what they took counts as their parents’ own time.']
      : []),
  ];
}
