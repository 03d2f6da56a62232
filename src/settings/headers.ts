/** The settings of `headers`: whose trace, and the keys that sign. */
import { z } from 'zod';
import { optional, setting } from './definition.js';
import { filePath, type Kind, oneOf, pattern, splitText } from './kinds.js';
import { HIDDEN } from './redact.js';

const UUID = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;
/** Source: W3C Trace Context; a version that is yet to come may go on after the flags. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;

export const HEADERS = {
  hmacKeys: setting({
    key: 'headers.hmacKeys',
    flag: '--hmac-keys',
    argument: '<keys>',
    kind: secrets(),
    default: [],
    commands: ['headers', 'doctor'],
    description:
      "hmac_keys of the services' [profiler] section, separated by commas; the first one signs, doctor's own trace too. A flag shows in ps: prefer the variable or --hmac-key-file.",
    example: 'SECRET_KEY',
  }),
  hmacKeyFile: optional({
    key: 'headers.hmacKeyFile',
    flag: '--hmac-key-file',
    argument: '<file>',
    kind: filePath(),
    commands: ['headers', 'doctor'],
    description: 'A file that holds the keys, as hmac_keys has them; instead of --hmac-keys.',
    example: '/run/secrets/osprofiler-hmac-keys',
  }),
  headersBaseId: optional({
    key: 'headers.baseId',
    flag: '--base-id',
    argument: '<uuid>',
    kind: pattern(UUID, 'a UUID, or the 32 hexadecimal digits of a trace id'),
    defaultText: 'a fresh trace',
    commands: ['headers'],
    description: 'The trace that the request is to be part of; it has no enclosing span there.',
    example: '3361aef1-cc62-49e1-8afc-09b0f8495fb6',
  }),
  headersTraceparent: optional({
    key: 'headers.traceparent',
    flag: '--traceparent',
    argument: '<value>',
    kind: pattern(TRACEPARENT, 'a W3C traceparent such as 00-<32 digits>-<16 digits>-01'),
    defaultText: 'a fresh trace',
    commands: ['headers'],
    description: "A W3C traceparent, whose span the request's spans will be children of.",
    example: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  }),
  headersFormat: setting({
    key: 'headers.format',
    flag: '--format',
    argument: '<format>',
    kind: oneOf('curl', 'plain', 'json'),
    default: 'curl',
    commands: ['headers'],
    description:
      "curl is -H arguments that need no quotes, plain a header a line (curl's -H @file), json an object.",
    example: 'plain',
  }),
};

/** Texts separated by commas, as osprofiler has its keys; a list in YAML. Never shown. */
function secrets(): Kind<readonly string[]> {
  const split = (input: unknown) => (typeof input === 'string' ? splitText(input, /,/) : input);
  return {
    expected: 'keys separated by commas',
    schema: z.preprocess(split, z.array(z.string().min(1))),
    show: (value) => value,
    separator: ',',
    hiding: { text: () => HIDDEN, value: (value) => value.map(() => HIDDEN) },
  };
}
