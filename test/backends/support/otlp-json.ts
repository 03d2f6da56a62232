/** Spans in OTLP's JSON, brought to one form, so that what was sent and what was kept can be compared deeply. */

export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly OtlpAttribute[];
  readonly status?: { readonly code?: number; readonly message?: string };
}

export interface OtlpAttribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly [other: string]: unknown };
}

export interface OtlpTraces {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly OtlpAttribute[] };
    readonly scopeSpans?: readonly { readonly scope?: object; readonly spans?: readonly OtlpSpan[] }[];
  }[];
}

/** A span with what it stands in. */
export interface KeptSpan {
  readonly span: OtlpSpan;
  readonly scope: object;
  readonly resource: readonly OtlpAttribute[];
}

export const ERROR = 2;

/** Every span of some requests or files. */
export function spansOf(all: readonly OtlpTraces[]): KeptSpan[] {
  return all.flatMap(({ resourceSpans = [] }) =>
    resourceSpans.flatMap(({ resource, scopeSpans = [] }) =>
      scopeSpans.flatMap(({ scope = {}, spans = [] }) =>
        spans.map((span) => ({ span, scope, resource: resource?.attributes ?? [] })),
      ),
    ),
  );
}

export function attribute({ span, resource }: KeptSpan, key: string): string | undefined {
  return [...(span.attributes ?? []), ...resource].find((one) => one.key === key)?.value.stringValue;
}

export function serviceOf(kept: KeptSpan): string {
  return attribute(kept, 'service.name') ?? '';
}

/**
 * Spans by their ids, each in one form whatever wrote it: fields that hold nothing are left out, since protobuf does
 * not tell them from absent ones; attributes are sorted by key; whole numbers are strings.
 * @returns duplicates too: a list of each.
 */
export function canonical(spans: readonly KeptSpan[]): ReadonlyMap<string, readonly unknown[]> {
  const byId = new Map<string, unknown[]>();
  for (const kept of spans) {
    const key = `${kept.span.traceId}/${kept.span.spanId}`;
    byId.set(key, [...(byId.get(key) ?? []), normalize(kept)]);
  }
  return new Map([...byId].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function normalize(value: unknown): unknown {
  if (Array.isArray(value)) return normalizeList(value);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, field]) => [key, normalizeField(key, field)] as const);
  const present = entries.filter(([, field]) => !isNothing(field));
  return Object.fromEntries(present.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function normalizeField(key: string, field: unknown): unknown {
  // OTLP's JSON has 64-bit numbers as strings, and readers take both.
  return key === 'intValue' ? String(field) : normalize(field);
}

function normalizeList(values: readonly unknown[]): unknown[] {
  const normal = values.map(normalize);
  const areAttributes = normal.every((one) => typeof one === 'object' && one !== null && 'key' in one);
  const keyOf = (one: unknown): string => (one as OtlpAttribute).key;
  return areAttributes ? normal.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)) : normal;
}

function isNothing(field: unknown): boolean {
  if (field === undefined || field === '' || field === 0) return true;
  if (Array.isArray(field)) return field.length === 0;
  return typeof field === 'object' && field !== null && Object.keys(field).length === 0;
}
