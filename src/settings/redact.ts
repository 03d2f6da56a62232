/** Takes credentials out of text that people will see. */

export const HIDDEN = '***';

/**
 * Replaces the user info of every URL in a text: `rabbit://nova:pw@h1,nova:pw@h2/v` becomes `rabbit://***@h2/v`.
 * Everything up to the last `@` goes, since a password that somebody forgot to percent-encode may hold a `/` or `@`.
 * Linear in the text.
 */
export function redactUrls(text: string): string {
  let redacted = '';
  let done = 0;
  for (let scheme = text.indexOf('://'); scheme !== -1; scheme = text.indexOf('://', done)) {
    const start = scheme + 3;
    const end = endOfUrl(text, start);
    const at = text.slice(start, end).lastIndexOf('@');
    redacted +=
      text.slice(done, start) + (at === -1 ? '' : HIDDEN) + text.slice(at === -1 ? start : start + at, end);
    done = end;
  }
  return redacted + text.slice(done);
}

/**
 * A text that is one URL, or was meant to be, for showing: neither user info nor the values of its query, since some
 * backends take their key there. Where it cannot be told which of the two an `@` belongs to, only the scheme stays.
 */
export function redactUrl(text: string): string {
  const scheme = /^[^:/?@]*:\/\//.exec(text)?.[0] ?? '';
  const at = text.lastIndexOf('@');
  const query = text.indexOf('?');
  if (at !== -1 && query !== -1 && query < at) return scheme + HIDDEN;
  const shown = query === -1 ? text : `${text.slice(0, query)}?${HIDDEN}`;
  return at === -1 ? shown : scheme + HIDDEN + shown.slice(at);
}

/**
 * White space, quotes and angle brackets end a URL in prose and in a line of JSON. There a quote behind an odd number
 * of backslashes is one inside the text, and may belong to a password.
 */
function endOfUrl(text: string, start: number): number {
  const delimiter = /[\s<>]|(?<!\\)(?:\\\\)*"/g;
  delimiter.lastIndex = start;
  return delimiter.exec(text)?.index ?? text.length;
}

/** Shorter ones are words that stand in any text, and no secrets. */
const SHORTEST_SECRET = 6;

/** Hides these very values wherever they stand in a text, and the user info of URLs. */
export function hideValues(values: readonly string[]): (text: string) => string {
  // Of `Bearer abc` the second word alone gives it away too.
  const secrets = values
    .flatMap((value) => [value, ...value.split(/\s+/)])
    .filter(({ length }) => length >= SHORTEST_SECRET)
    .sort((a, b) => b.length - a.length);
  return (text) => secrets.reduce((hidden, secret) => hidden.replaceAll(secret, HIDDEN), redactUrls(text));
}

/** What a terminal would act upon, as JSON would write it. */
export function printable(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
