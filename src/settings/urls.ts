/** The settings that are URLs: where notifications come from, and where spans go. Both may carry credentials. */
import { z } from 'zod';
import { parseTransportUrl, redactTransportUrl } from '../oslo/transport-url.js';
import { type Kind, split } from './kinds.js';
import { redactUrl } from './redact.js';

/** Transport URLs, separated by white space (commas separate the hosts of one); a list in YAML. */
export function transportUrls(): Kind<readonly string[]> {
  const expected = 'oslo.messaging transport URLs such as rabbit://user:password@host:5672/vhost';
  const urls = z.array(z.string()).superRefine((given, context) => {
    if (given.length === 0) context.addIssue({ code: 'custom', message: `expected ${expected}` });
    given.forEach((url, index) => {
      const parsed = parseTransportUrl(url);
      const which = given.length === 1 ? '' : `URL ${index + 1} of ${given.length}: `;
      if (!parsed.ok) context.addIssue({ code: 'custom', message: `${which}${parsed.problem}` });
    });
  });
  return {
    expected,
    schema: split(/\s/, urls),
    hide: redactTransportUrl,
    separator: ' ',
    argument: '<url>',
  };
}

/** An OTLP endpoint: an http or https URL, for gRPC a bare `host:port` too. */
export function endpoint(): Kind<string> {
  const expected = 'a URL such as http://collector:4318 (for grpc host:port too)';
  const schema = z
    .string()
    .trim()
    .superRefine((input, context) => {
      const refuse = (message: string) => context.addIssue({ code: 'custom', message });
      if (endpointUrl(input, 'https') === undefined) refuse(`expected ${expected}`);
      else if (input.includes('#')) refuse('expected a URL without a # fragment');
    });
  return { expected, schema, hide: redactUrl, argument: '<url>' };
}

/** Reads an endpoint. @param scheme what a bare `host:port` means. */
export function endpointUrl(input: string, scheme: 'http' | 'https'): URL | undefined {
  const withScheme = isBare(input) ? `${scheme}://${input}` : input;
  if (!/^https?:\/\/[^\s/]/i.test(withScheme) || !URL.canParse(withScheme)) return undefined;
  return new URL(withScheme);
}

/** Whether an endpoint is a bare `host:port`, as gRPC's own clients take it. */
export function isBare(input: string): boolean {
  return /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+):\d{1,5}$/i.test(input);
}
