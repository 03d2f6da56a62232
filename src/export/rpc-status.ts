/**
 * google.rpc.Status, which OTLP backends put into the body of a failed HTTP request and gRPC into its trailers. Pure.
 * Source: google/rpc/status.proto and google/rpc/error_details.proto.
 */

export interface RpcStatus {
  readonly code?: number;
  readonly message?: string;
  /** What the backend's RetryInfo asks for. */
  readonly retryAfterMs?: number;
}

/** A field of a protobuf message: a number, or bytes. */
type Field = readonly [number: number, value: number | Buffer];

const RETRY_INFO = 'google.rpc.RetryInfo';

/** @returns undefined when the bytes are no such message. */
export function readRpcStatus(bytes: Buffer): RpcStatus | undefined {
  try {
    const fields = fieldsOf(bytes);
    const code = numberIn(fields, 1);
    const message = bytesIn(fields, 2)?.toString('utf8');
    const retryInfo = fields.flatMap(([number, value]) =>
      number === 3 && Buffer.isBuffer(value) ? (retryDelayIn(value) ?? []) : [],
    );
    return {
      ...(code === undefined ? {} : { code }),
      ...(message === undefined ? {} : { message }),
      ...(retryInfo[0] === undefined ? {} : { retryAfterMs: retryInfo[0] }),
    };
  } catch {
    return undefined;
  }
}

/** The same in JSON; the details' names are those of protobuf's JSON mapping. */
export function readRpcStatusJson(text: string): RpcStatus | undefined {
  const value = parse(text) as { code?: unknown; message?: unknown; details?: unknown } | undefined;
  if (typeof value?.message !== 'string' && typeof value?.code !== 'number') return undefined;
  const { code, message, details } = value;
  const delays = (Array.isArray(details) ? details : []).flatMap(
    (detail: { retryDelay?: unknown } | null) => {
      const seconds = /^([\d.]+)s$/.exec(String(detail?.retryDelay ?? ''))?.[1];
      return seconds === undefined ? [] : [Number(seconds) * 1000];
    },
  );
  return {
    ...(typeof code === 'number' ? { code } : {}),
    ...(typeof message === 'string' ? { message } : {}),
    ...(delays[0] === undefined ? {} : { retryAfterMs: delays[0] }),
  };
}

function parse(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Of a google.protobuf.Any that holds a RetryInfo, in milliseconds. */
function retryDelayIn(any: Buffer): number | undefined {
  const fields = fieldsOf(any);
  const type = bytesIn(fields, 1)?.toString('utf8');
  const info = bytesIn(fields, 2);
  if (type?.endsWith(RETRY_INFO) !== true || info === undefined) return undefined;
  const duration = fieldsOf(bytesIn(fieldsOf(info), 1) ?? Buffer.alloc(0));
  return (numberIn(duration, 1) ?? 0) * 1000 + (numberIn(duration, 2) ?? 0) / 1e6;
}

function numberIn(fields: readonly Field[], wanted: number): number | undefined {
  const value = fields.find(([number]) => number === wanted)?.[1];
  return typeof value === 'number' ? value : undefined;
}

function bytesIn(fields: readonly Field[], wanted: number): Buffer | undefined {
  const value = fields.find(([number]) => number === wanted)?.[1];
  return Buffer.isBuffer(value) ? value : undefined;
}

/** @throws RangeError on what is no protobuf. */
function fieldsOf(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || scale > 2 ** 63) throw new RangeError('not a varint');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const type = tag % 8;
    if (type === 0) {
      fields.push([(tag - type) / 8, varint()]);
      continue;
    }
    const length = type === 2 ? varint() : type === 1 ? 8 : type === 5 ? 4 : -1;
    if (length < 0 || at + length > bytes.length) throw new RangeError('not a field');
    fields.push([(tag - type) / 8, bytes.subarray(at, at + length)]);
    at += length;
  }
  return fields;
}
