/** Where a signal goes over OTLP, from the endpoint for all signals and the signal's own. */
import { type Origin, RANK } from './origin.js';
import type { Problem } from './problems.js';
import { endpointUrl, isBare } from './urls.js';

/** An endpoint as it was given, and by whom. */
export interface GivenEndpoint {
  readonly value: string | undefined;
  readonly origin: Origin;
}

export interface OtlpEndpoints {
  readonly general: GivenEndpoint;
  /** The signal's own. */
  readonly own: GivenEndpoint;
  readonly protocol: 'http/json' | 'http/protobuf' | 'grpc';
  /** What is added to the general one over HTTP: `/v1/traces`. */
  readonly path: string;
  /** gRPC without TLS where the endpoint has no scheme. */
  readonly insecure: boolean;
}

export interface ResolvedUrl {
  readonly url: string;
  readonly urlIsDefault: boolean;
  readonly problem?: Problem;
}

/**
 * OTLP's rules: the signal's endpoint is taken as it is, the general one gets the signal's path for HTTP and nothing
 * for gRPC. A flag for the general one outranks a variable for the signal's.
 */
export function resolveOtlpUrl({ general, own, protocol, path, insecure }: OtlpEndpoints): ResolvedUrl {
  const isGrpc = protocol === 'grpc';
  const useOwn = own.value !== undefined && RANK[own.origin.layer] >= RANK[general.origin.layer];
  const { value: given, origin } = useOwn ? own : general;
  if (given === undefined) {
    return { url: isGrpc ? 'http://localhost:4317' : `http://localhost:4318${path}`, urlIsDefault: true };
  }
  const url = endpointUrl(given, insecure ? 'http' : 'https')!;
  if (isBare(given) && !isGrpc) {
    const expected = `${protocol} needs a URL that begins with http:// or https://`;
    return { url: url.href, urlIsDefault: false, problem: { where: origin.name, value: given, expected } };
  }
  if (!useOwn && !isGrpc) url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`;
  // What the user wrote stays as it was written where nothing is added; URL.href would append a slash.
  const asGiven = useOwn || isGrpc ? (isBare(given) ? `${url.protocol}//${given}` : given) : url.href;
  return { url: asGiven, urlIsDefault: false };
}
