/** osprofiler's headers as an OpenTelemetry propagator. */
import {
  type Context,
  createContextKey,
  isSpanContextValid,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { BridgeError } from '../errors.js';
import { fromTraceInfo, toTraceInfo } from './span-ids.js';
import { readTraceInfo, signTraceInfo, TRACE_HMAC_HEADER, TRACE_INFO_HEADER } from './trace-info.js';

/** Options of an {@link OsprofilerPropagator}. */
export interface OsprofilerPropagatorOptions {
  /**
   * `hmac_keys` of the OpenStack services' `[profiler]` section. At least one; none may be empty. The first one signs what
   * is injected. Each of them is accepted on extraction, so that keys can be replaced without a gap.
   */
  readonly hmacKeys: readonly string[];
}

/** The same key as `suppressTracing` of @opentelemetry/core uses: exporters set it while they send. */
const SUPPRESSED = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/**
 * Carries a trace between this program and OpenStack, in the headers `X-Trace-Info` and `X-Trace-HMAC`.
 *
 * **Inject** writes both headers when the active span is valid and sampled. OpenStack then profiles the request, and its
 * spans become children of that span. Otherwise nothing is written, and OpenStack does not profile.
 *
 * **Extract** returns the span context of the headers, remote and sampled, when one of the keys signed them. Headers that
 * are missing, too long, malformed or signed by another key leave the context as it was.
 *
 * The headers can be replayed: whoever sees them can have OpenStack profile requests. So inject them into calls to
 * OpenStack only. Call {@link inject} yourself, or keep this propagator out of the global one. osprofiler carries no
 * `tracestate` and no baggage.
 *
 * @example
 * ```ts
 * import { context, defaultTextMapSetter } from '@opentelemetry/api';
 * import { OsprofilerPropagator } from 'osprofiler-otel-bridge';
 *
 * const propagator = new OsprofilerPropagator({ hmacKeys: ['SECRET_KEY'] });
 * const headers: Record<string, string> = {};
 * propagator.inject(context.active(), headers, defaultTextMapSetter);
 * await fetch('http://nova.example/v2.1/servers', { headers });
 * ```
 */
export class OsprofilerPropagator implements TextMapPropagator<unknown> {
  readonly #keys: readonly string[];

  /** @throws BridgeError CONFIG_INVALID without a key, or with an empty one. */
  constructor({ hmacKeys }: OsprofilerPropagatorOptions) {
    if (hmacKeys.length === 0 || hmacKeys.some((key) => key === '')) {
      throw new BridgeError(
        'CONFIG_INVALID',
        'the propagator needs at least one HMAC key, and no key may be empty',
        "Take hmac_keys from the [profiler] section of the services' configuration.",
      );
    }
    this.#keys = [...hmacKeys];
  }

  /** Writes the headers of the context's span into a carrier. The class says when. */
  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const span = trace.getSpanContext(context);
    if (span === undefined || !isSpanContextValid(span) || context.getValue(SUPPRESSED) === true) return;
    if ((span.traceFlags & TraceFlags.SAMPLED) === 0) return;
    const { info, hmac } = signTraceInfo(toTraceInfo(span), this.#keys[0]!);
    setter.set(carrier, TRACE_INFO_HEADER, info);
    setter.set(carrier, TRACE_HMAC_HEADER, hmac);
  }

  /** @returns the context with the carrier's span context, or the same context when there is none. */
  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const info = readHeader(carrier, getter, TRACE_INFO_HEADER);
    const hmac = readHeader(carrier, getter, TRACE_HMAC_HEADER);
    if (info === undefined || hmac === undefined) return context;
    const traceInfo = readTraceInfo({ info, hmac }, this.#keys);
    if (traceInfo === undefined) return context;
    const ids = fromTraceInfo(traceInfo);
    return trace.setSpanContext(context, { ...ids, traceFlags: TraceFlags.SAMPLED, isRemote: true });
  }

  /** The names of the headers. */
  fields(): string[] {
    return [TRACE_INFO_HEADER, TRACE_HMAC_HEADER];
  }
}

/** Node gives header names in lower case; other carriers keep them as they were set. */
function readHeader(carrier: unknown, getter: TextMapGetter, name: string): string | undefined {
  for (const key of [name, name.toLowerCase()]) {
    const value: unknown = getter.get(carrier, key);
    const first: unknown = Array.isArray(value) ? value[0] : value;
    if (typeof first === 'string') return first;
  }
  return undefined;
}
