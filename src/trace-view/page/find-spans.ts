/** Spans of one trace that somebody looks for, as rows without their relations. Pure. */
import type { Trace, TraceNode } from '../trace.js';
import type { WaterfallRow } from './waterfall.js';

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
    (node) => (!onlyErrors || node.span.error !== undefined) && mentions(node, words),
  );
  const rows = found.slice(0, MOST_SHOWN).map(
    (node): WaterfallRow => ({
      kind: 'span',
      key: node.span.spanId,
      level: 1,
      nodes: [node],
      state: node.children.length > 0 ? 'closed' : 'leaf',
    }),
  );
  return { rows, found: found.length };
}

function mentions({ span }: TraceNode, words: string): boolean {
  const { name, service, statement = '', error, spanId } = span;
  const texts = [name, service, statement, error?.type ?? '', error?.message ?? '', spanId];
  return texts.some((text) => text.toLowerCase().includes(words));
}
