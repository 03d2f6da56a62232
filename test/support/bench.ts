/** A translator to try trace rules on: points made in one line, and what left in terms of their names. */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { PyObject } from '../../src/python-json/parse.js';
import { type Translated, Translator, type TranslatorOptions } from '../../src/translator.js';
import { BASE_ID, MOMENT, start, stop } from './notifications.js';

export const SQL: PyObject = { db: { statement: 'SELECT 1', params: {} }, host: 'ctl-01' };
export const HTTP: PyObject = {
  request: { method: 'GET', path: '/', query: '', scheme: 'http' },
  host: 'ctl-01',
};

/** What a half says that matters to the rules. Times are microseconds after the beginning. */
export interface Half {
  readonly at?: number;
  readonly parent?: string;
  readonly name?: string;
  readonly info?: PyObject;
  readonly trace?: string;
  /** The caller's clock, ms. */
  readonly now?: number;
}

/** A translator whose tokens are `+a` for the start of the point `a` and `-a` for its stop. */
export class Bench {
  readonly translator: Translator<string>;
  readonly left: Translated<string>[] = [];

  constructor(options: TranslatorOptions) {
    this.translator = new Translator(options);
  }

  begin(id: string, half: Half = {}, token = `+${id}`): this {
    return this.add(start(changesOf(id, half)), token, half.now);
  }

  end(id: string, half: Half = {}, token = `-${id}`): this {
    return this.add(stop(changesOf(id, { at: 1_500, ...half })), token, half.now);
  }

  /** A point whose stop comes right after its start. */
  point(id: string, half: Half = {}, lasts = 1_500): this {
    const { info: _shownByStart, ...rest } = half;
    return this.begin(id, half).end(id, { ...rest, at: (half.at ?? 0) + lasts });
  }

  overdue(now: number): this {
    this.left.push(...this.translator.overdue(now));
    return this;
  }

  flush(): this {
    this.left.push(...this.translator.flush());
    return this;
  }

  /** The points whose spans have left, in that order, a root span as `root`. */
  get spans(): string[] {
    return this.left.flatMap((one) => (one.kind === 'span' ? [idOf(one.span)] : []));
  }

  /** The tokens that were given up without a span, by reason. */
  get dropped(): Record<string, string[]> {
    const tokens: Record<string, string[]> = {};
    for (const one of this.left) {
      if (one.kind === 'dropped') tokens[one.reason] = [...(tokens[one.reason] ?? []), ...one.tokens];
    }
    return tokens;
  }

  get tokens(): string[] {
    return this.left.flatMap(({ tokens }) => tokens).sort();
  }

  get root(): ReadableSpan | undefined {
    const made = this.left.find((one) => one.kind === 'span' && idOf(one.span) === 'root');
    return made?.kind === 'span' ? made.span : undefined;
  }

  private add(notification: ReturnType<typeof start>, token: string, now = 0): this {
    this.left.push(...this.translator.add(notification, token, 1, now));
    return this;
  }
}

/** What makes a made-up notification that half. */
export function changesOf(id: string, { at = 0, parent, name, info, trace = BASE_ID }: Half) {
  return {
    baseId: trace,
    traceId: id,
    parentId: parent ?? trace,
    timestamp: MOMENT + at,
    ...(name === undefined ? {} : { name }),
    ...(info === undefined ? {} : { info }),
  };
}

/** The point that a span was made of; `root` for a root span. */
export function idOf(span: ReadableSpan): string {
  return String(span.attributes['osprofiler.trace_id'] ?? 'root');
}
