/**
 * Secrets that are passed by position, which no key announces: the name of the function tells. osprofiler sends the
 * arguments as the repr of a tuple, `(<API object at 0x…>, Instance(…), 'x')`.
 */
import { bareEnd, containerEnd, DOUBLE_QUOTE, MASK, quoteAt, quotedEnd } from './extent.js';
import { wordsOf } from './keys.js';
import { SECRET_ARGUMENTS } from './secret-arguments.js';
import { maskText } from './text.js';

/** Functions whose names speak of secrets take some by position, whatever project they are of. */
const SPEAKS_OF_SECRETS =
  /^(?:passw(?:or)?ds?|passphrases?|keys?|secrets?|tokens?|credentials?|creds|kek|otp|totp|chap)$/;
const POSITIONS = new Map(
  Object.entries(SECRET_ARGUMENTS).map(([project, byPosition]) => [
    project,
    new Map(
      Object.entries(byPosition).flatMap(([at, methods]) =>
        methods.split(/\s+/).map((method) => [method, Number(at)] as const),
      ),
    ),
  ]),
);

/**
 * Arguments of a call, masked.
 * @param name `info.function.name`: `nova.compute.api.API.set_admin_password`.
 */
export function maskArguments(name: string, args: string): string {
  const first = firstSecret(name);
  return first === undefined ? maskText(args) : maskText(maskFrom(args, first));
}

/** The position of a function's first secret argument; undefined when it is not known to have any. */
function firstSecret(name: string): number | undefined {
  const parts = name.split('.');
  const known = POSITIONS.get(parts[0]!)?.get(parts.at(-1)!);
  const words = parts.slice(-2).flatMap((part) => wordsOf(part));
  return known ?? (words.some((word) => SPEAKS_OF_SECRETS.test(word)) ? 0 : undefined);
}

/**
 * Masks the arguments from a position on that are quoted or containers; later ones too, since the repr of an object may
 * hold a comma and shift them. Names, numbers, None and the reprs of objects stay. A text that is no tuple goes whole.
 */
function maskFrom(args: string, first: number): string {
  if (!args.startsWith('(')) return args === '' ? args : MASK;
  let out = '';
  let taken = 0;
  let position = 0;
  for (let at = 1; at < args.length; ) {
    const char = args[at]!;
    if (char === ',') {
      position++;
      at++;
    } else if (char === ' ' || char === ')') at++;
    else {
      const end = Math.max(at + 1, argumentEnd(args, at));
      if (position >= first && /^(?:[bBuUrR]{0,2}\\*['"]|[[({])/.test(args.slice(at, at + 8))) {
        const quote = quoteAt(args, at);
        const mark = quote?.mark === DOUBLE_QUOTE ? '"' : "'";
        out += `${args.slice(taken, at)}${mark}${MASK}${mark}`;
        taken = end;
      }
      at = end;
    }
  }
  return out + args.slice(taken);
}

function argumentEnd(args: string, at: number): number {
  const prefix = /^[bBuUrR]{0,2}(?=['"])/.exec(args.slice(at, at + 3))?.[0].length ?? 0;
  const quote = quoteAt(args, at + prefix);
  if (quote !== undefined) {
    const content = at + prefix + quote.backslashes + 1;
    return Math.min(args.length, quotedEnd(args, content, quote) + quote.backslashes + 1);
  }
  if (/[[({<]/.test(args[at]!)) return containerEnd(args, at, undefined);
  return bareEnd(args, at, 'value', undefined);
}
