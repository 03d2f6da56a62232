/** Usual spans, for who writes them. */
import { SpanKind } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';
import { Resources } from '../../src/mapping/resource.js';
import { SpanMapper } from '../../src/mapping/span.js';
import { type SpanPattern, UsualSpan } from '../../src/span/usual-span.js';
import { Translator, type TranslatorOptions } from '../../src/translator.js';
import { BASE_ID, TRACE_ID } from './notifications.js';
import { notificationsOf, spansIn } from './translating.js';

export const resource = new Resources({ serviceName: '', resourceAttributes: {} }).of({
  ...{ project: 'nova', service: 'api', host: 'h' },
});
const { instrumentationScope } = new SpanMapper().rootSpan({ baseId: BASE_ID } as never, 0, 0);

export function pattern(name: string, attributes: SpanPattern['attributes'] = { a: 'b' }): SpanPattern {
  return { name, kind: SpanKind.CLIENT, status: { code: 0 }, attributes, instrumentationScope };
}

/** What a usual span is besides its pattern. */
export interface UsualChanges {
  readonly baseId?: string;
  readonly pointId?: string;
  readonly parentId?: string;
  readonly isRoot?: boolean;
  readonly begin?: number;
  readonly lasts?: number;
}

export function usual(of: SpanPattern, changes: UsualChanges = {}): UsualSpan {
  const { baseId = BASE_ID, pointId = TRACE_ID, parentId = TRACE_ID, isRoot = false } = changes;
  const { begin = 1_795_332_579_892_094, lasts = 1_500 } = changes;
  const identity = { traceId: baseId.replaceAll('-', ''), baseId, pointId, parentId, isRoot };
  return new UsualSpan(of, identity, begin, begin + lasts, resource);
}

const time = fc.oneof(
  fc.integer({ min: 1_000_000, max: 9_000_000_000_000_000 }),
  fc.constantFrom(1_795_332_579_000_000, 1_795_332_579_000_001, 1_795_332_579_999_999),
);
export const anyChanges = fc.record({
  ...{ baseId: fc.uuid(), pointId: fc.uuid(), parentId: fc.uuid(), isRoot: fc.boolean() },
  ...{ begin: time, lasts: fc.nat(4_000_000_000) },
});

/** The spans of a capture, usual ones unread. */
export function unreadSpansOf(capture: string, options: TranslatorOptions = {}): ReadableSpan[] {
  const translator = new Translator(options, 'unread');
  const notifications = notificationsOf(capture, { sqlParameters: options.sqlParameters ?? false });
  const added = notifications.flatMap((notification) => translator.add(notification, undefined));
  return spansIn([...added, ...translator.flush()]);
}
