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

/** @param text words that a span has in its names, attributes or error, whatever the case; empty matches all. */
export function findSpans({ nodes }: Trace, text: string, onlyErrors: boolean): FoundSpans {
  const words = wordsOf(text);
  const found = nodes.filter(
    ({ span }) => (!onlyErrors || span.error !== undefined) && mentions(span, words),
  );
  return { rows: found.slice(0, MOST_SHOWN).map(singleRow), found: found.length };
}

/** In lower case. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().split(/\s+/).filter(Boolean);
}

function mentions(span: Span, words: readonly string[]): boolean {
  const { name, service, error, spanId, attributes } = span;
  const texts = [name, service, error?.type, error?.message, spanId, ...Object.values(attributes)];
  const all = texts.join('\n').toLowerCase();
  return words.every((word) => all.includes(word));
}
