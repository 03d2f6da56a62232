/** Spans of one trace that somebody looks for, as rows without their relations. Pure. */
import type { Span } from '../span.js';
import type { Trace } from '../trace.js';
import { singleRow, type WaterfallRow } from './waterfall.js';

export interface FoundSpans {
  readonly rows: readonly WaterfallRow[];
  /** All that match, of which the first are shown. */
  readonly found: number;
}

const MOST_SHOWN = 200;

/** @param text words of the name, the service, the SQL text or the error, whatever the case; empty matches all. */
export function findSpans({ nodes }: Trace, text: string, onlyErrors: boolean): FoundSpans {
  const words = text.toLowerCase();
  const found = nodes.filter(
    ({ span }) => (!onlyErrors || span.error !== undefined) && mentions(span, words),
  );
  return { rows: found.slice(0, MOST_SHOWN).map(singleRow), found: found.length };
}

function mentions({ name, service, statement, error, spanId }: Span, words: string): boolean {
  const texts = [name, service, statement, error?.type, error?.message, spanId];
  return texts.some((text) => text?.toLowerCase().includes(words));
}
