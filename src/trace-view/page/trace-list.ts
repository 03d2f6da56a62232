/** Which of the recent traces are listed. Pure. */
import { toTraceId } from '../../mapping/ids.js';
import { parsePythonUuid } from '../../mapping/python-uuid.js';
import type { CurrentTrace, CurrentTraces } from './current-traces.js';
import { wordsOf } from './find-spans.js';

export interface ListQuery {
  /** A trace's UUID, its id in the backend, or words. */
  readonly text: string;
  readonly onlyErrors: boolean;
  readonly onlyIncomplete: boolean;
  /** From 1. */
  readonly page: number;
}

export interface ListedTraces {
  readonly traces: readonly CurrentTrace[];
  /** Traces that match, on all pages. */
  readonly found: number;
  readonly pages: number;
}

export const TRACES_ON_A_PAGE = 50;
const LONGEST_QUERY = 200;

export function readQuery(get: (name: string) => string | undefined): ListQuery {
  const page = Number(get('page') ?? 1);
  return {
    text: (get('q') ?? '').trim().slice(0, LONGEST_QUERY),
    onlyErrors: get('errors') !== undefined,
    onlyIncomplete: get('incomplete') !== undefined,
    page: Number.isSafeInteger(page) && page > 0 ? page : 1,
  };
}

/** The form's fields that are not empty, as a query string. */
export function formatQuery({ text, onlyErrors, onlyIncomplete, page }: ListQuery): string {
  const fields = new URLSearchParams();
  if (text !== '') fields.set('q', text);
  if (onlyErrors) fields.set('errors', '1');
  if (onlyIncomplete) fields.set('incomplete', '1');
  if (page > 1) fields.set('page', String(page));
  return fields.toString();
}

/** The trace that the text names, in any form that osprofiler or a backend writes its id. */
export function findNamed(traces: CurrentTraces, text: string): CurrentTrace | undefined {
  return text === '' ? undefined : traces.find(toTraceId(text));
}

/** The trace id that a text stands for, when it looks like an id at all: 32 hex digits. */
export function idIn(text: string): string | undefined {
  return parsePythonUuid(text) === undefined ? undefined : toTraceId(text);
}

function mentions({ kept, summary }: CurrentTrace, word: string): boolean {
  return summary.mentions(word) || kept?.mentions(word) === true;
}

export function listTraces(traces: CurrentTraces, query: ListQuery): ListedTraces {
  const named = findNamed(traces, query.text);
  const words = wordsOf(query.text);
  const found = traces
    .latest()
    .filter(
      (trace) =>
        (named === undefined
          ? words.every((word) => mentions(trace, word))
          : trace.traceId === named.traceId) &&
        (!query.onlyErrors || trace.summary.errors > 0) &&
        (!query.onlyIncomplete || trace.summary.incomplete > 0),
    );
  const from = (query.page - 1) * TRACES_ON_A_PAGE;
  return {
    traces: found.slice(from, from + TRACES_ON_A_PAGE),
    found: found.length,
    pages: Math.max(1, Math.ceil(found.length / TRACES_ON_A_PAGE)),
  };
}
