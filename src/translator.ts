/** Pairing and mapping together: what library users hold who have their notifications already. */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { type Assembled, Assembler, type AssemblerOptions } from './assembler.js';
import type { MappingOptions } from './mapping/options.js';
import { SpanMapper } from './mapping/span.js';
import { type PointId, rootId, type TraceEvent } from './trace-point.js';

/** What became of notifications, and the tokens of those it became of. */
export type Translated<Token> =
  | {
      readonly kind: 'span';
      /** The trace point. */
      readonly point: PointId;
      readonly span: ReadableSpan;
      /** The span lacks its start or its stop, and is marked so. */
      readonly incomplete: boolean;
      readonly tokens: readonly Token[];
    }
  | Extract<Assembled<Token>, { readonly kind: 'duplicate' | 'dropped' }>
  /** The mapping threw, which is a bug in it: these notifications make no span, and no others are touched. */
  | { readonly kind: 'failed'; readonly error: unknown; readonly tokens: readonly Token[] };

/** How notifications become spans: mapping, bounds of what is open, filters of traces, sampling. */
export type TranslatorOptions = Partial<MappingOptions> & AssemblerOptions;

/**
 * Pairs notifications and maps the pairs to spans. Pure: no I/O, and the caller's clock.
 *
 * @typeParam Token whatever the caller wants back with the span that a notification became part of: a delivery, an
 * index, nothing.
 */
export class Translator<Token = undefined> {
  private readonly assembler: Assembler<Token>;
  private readonly mapper: SpanMapper;

  constructor(options: TranslatorOptions = {}) {
    this.assembler = new Assembler(options);
    this.mapper = new SpanMapper(options);
  }

  /** Notifications that wait for their other. */
  get openPoints(): number {
    return this.assembler.openPoints;
  }

  /** Bytes of the bodies of the notifications that wait. */
  get openBytes(): number {
    return this.assembler.openBytes;
  }

  /** Tokens of points that are complete and wait for their trace to be over. */
  get heldTokens(): number {
    return this.assembler.heldTokens;
  }

  /** The start events that wait for their stop, by arrival, each with the span that it would be without its stop. */
  *openSpans(isWanted: (start: TraceEvent) => boolean): Generator<ReadableSpan> {
    for (const start of this.assembler.openStarts()) {
      if (isWanted(start)) yield this.mapper.toSpan({ start, stop: undefined });
    }
  }

  /**
   * Adds one notification.
   * @param bytes the size of its body, for the bound on open bytes.
   * @param now the caller's clock, ms.
   * @returns what it led to: nothing while the other one is awaited, as a rule one span; also what a bound pushed out.
   */
  add(notification: TraceEvent, token: Token, bytes = 0, now = 0): readonly Translated<Token>[] {
    return this.assembler.add(notification, token, bytes, now).map((each) => this.translate(each));
  }

  /** What the pair timeout, the bounds and a trace's end no longer keep, oldest first. Call it now and then. */
  *overdue(now: number): Generator<Translated<Token>> {
    for (const each of this.assembler.overdue(now)) yield this.translate(each);
  }

  /** The input has ended: everything that is open, as incomplete spans, and all that waited. */
  *flush(): Generator<Translated<Token>> {
    for (const each of this.assembler.flush()) yield this.translate(each);
  }

  /** Forgets what is held for tokens that are void: they will be redelivered. @returns how many. */
  forget(isVoid: (token: Token) => boolean): number {
    return this.assembler.forget(isVoid);
  }

  private translate(assembled: Assembled<Token>): Translated<Token> {
    if (assembled.kind === 'duplicate' || assembled.kind === 'dropped') return assembled;
    if (assembled.kind === 'root') {
      const span = this.mapper.rootSpan(assembled.of, assembled.begin, assembled.end);
      return { kind: 'span', point: rootId(assembled.of), span, incomplete: false, tokens: [] };
    }
    const { point } = assembled;
    const { start, stop, tokens } = point;
    try {
      const span = this.mapper.toSpan(point);
      return { kind: 'span', point, span, incomplete: start === undefined || stop === undefined, tokens };
    } catch (error) {
      return { kind: 'failed', error, tokens };
    }
  }
}
