/** `headers`: the headers that put one request to OpenStack into a trace, for curl and other programs. */
import { randomUUID } from 'node:crypto';
import { TraceFlags } from '@opentelemetry/api';
import { BridgeError } from '../../errors.js';
import { toTraceId } from '../../mapping/ids.js';
import { fromTraceInfo, toTraceInfo, toUuid } from '../../propagation/span-ids.js';
import { signTraceInfo, TRACE_HMAC_HEADER, TRACE_INFO_HEADER } from '../../propagation/trace-info.js';
import { readHmacKeys } from '../../settings/hmac-keys.js';
import type { HeadersSettings, Settings } from '../../settings/settings.js';
import type { CommandContext } from '../context.js';

export async function execute({ headers }: Settings, { stdout, log }: CommandContext): Promise<number> {
  const { baseId, traceparent, format } = headers;
  if (baseId !== undefined && traceparent !== undefined) {
    throw new BridgeError(
      'CONFIG_INVALID',
      '--base-id and --traceparent each name a trace',
      'Give one of them, or neither for a fresh trace.',
    );
  }
  const key = readKey(headers);
  const ids = traceparent === undefined ? idsOf(baseId) : idsBelow(traceparent);
  if (traceparent !== undefined && !isSampled(traceparent))
    log.warn({}, 'the traceparent is not sampled: its own spans will be missing from the trace');
  log.info({ baseId: ids.baseId, traceId: toTraceId(ids.baseId) }, 'the trace to look for');
  const { info, hmac } = signTraceInfo(ids, key);
  const lines = {
    [TRACE_INFO_HEADER]: info,
    [TRACE_HMAC_HEADER]: hmac,
    traceparent: traceparent ?? traceparentOf(ids),
  };
  stdout.write(`${print(lines, format)}\n`);
  return 0;
}

/** @throws BridgeError when there is none. */
function readKey(headers: HeadersSettings): string {
  const [key] = readHmacKeys(headers);
  if (key !== undefined) return key;
  throw new BridgeError(
    'CONFIG_INVALID',
    'headers needs the key that the services know',
    "Set OSPROFILER_BRIDGE_HMAC_KEYS or --hmac-key-file; the keys are hmac_keys in the services' [profiler] section.",
  );
}

/** A trace without a parent, as osprofiler's own clients begin it. */
function idsOf(baseId: string = randomUUID()): { baseId: string; parentId: string } {
  const uuid = toUuid(baseId.replaceAll('-', ''));
  return { baseId: uuid, parentId: uuid };
}

function idsBelow(traceparent: string): { baseId: string; parentId: string } {
  const [, traceId, spanId] = traceparent.split('-') as [string, string, string];
  return toTraceInfo({ traceId, spanId });
}

/** What oslo's native OpenTelemetry tracing reads. It puts its spans into the same trace. */
function traceparentOf(ids: { baseId: string; parentId: string }): string {
  const { traceId, spanId } = fromTraceInfo(ids);
  return `00-${traceId}-${spanId}-01`;
}

function isSampled(traceparent: string): boolean {
  return (Number.parseInt(traceparent.split('-')[3]!, 16) & TraceFlags.SAMPLED) !== 0;
}

function print(headers: Readonly<Record<string, string>>, format: HeadersSettings['format']): string {
  if (format === 'json') return JSON.stringify(headers);
  const lines = Object.entries(headers);
  if (format === 'plain') return lines.map(([name, value]) => `${name}: ${value}`).join('\n');
  // No space after the colon: `curl $(osprofiler-otel-bridge headers) URL` needs no quotes then.
  return lines.map(([name, value]) => `-H ${name}:${value}`).join(' ');
}
