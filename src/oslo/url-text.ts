/** The parts of URLs that hold for any of them: percent-encoding and queries as Python reads them, and redaction. */

/**
 * Percent-decodes as Python's `urllib.parse.unquote`: what is no valid escape stays as it is, and bytes that are not
 * UTF-8 become U+FFFD. `decodeURIComponent` would refuse both.
 */
export function decodePercent(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) =>
    Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

/** The other way round; lone surrogates, which `encodeURIComponent` refuses, become U+FFFD. */
export function encodePercent(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString());
}

/**
 * A query as oslo.messaging reads it: Python's `parse_qs`, which drops options without a value, and the values of an
 * option given more than once joined by commas.
 */
export function parseQuery(text: string): Map<string, string> {
  const options = new Map<string, string>();
  for (const part of text.split('&')) {
    const equals = part.indexOf('=');
    if (equals === -1 || equals === part.length - 1) {
      continue;
    }
    const name = decodeForm(part.slice(0, equals));
    const value = decodeForm(part.slice(equals + 1));
    const earlier = options.get(name);
    options.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  return options;
}

function decodeForm(text: string): string {
  return decodePercent(text.replaceAll('+', ' '));
}

const HIDDEN = '***';
/** Options whose values are worth showing and cannot be secret; every other one is hidden. */
const SHOWN_OPTION =
  /^(ssl|ssl_(ca|cert|key)_file|ssl_enforce_hostname_verification|heartbeat|heartbeat_timeout_threshold)=/;

/**
 * Any text that is, or was meant to be, a transport URL, fit for a log. What is hidden does not depend on the
 * password: all that stands before the last `@`, however badly it was encoded, and all option values but harmless
 * ones. Text in which the place of the password cannot be told is hidden whole.
 */
export function redactTransportUrl(text: string): string {
  const scheme = /^\s*[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0] ?? '';
  const rest = text.slice(scheme.length);
  const at = rest.lastIndexOf('@');
  if (at === -1) {
    return scheme !== '' && hasPlainHosts(rest) ? redactQuery(text) : `${scheme}${HIDDEN}`;
  }
  // The secret before this `@` may be an option's value and go on after it.
  if (rest.slice(0, at).includes('?')) {
    return `${scheme}${HIDDEN}`;
  }
  return `${scheme}${HIDDEN}@${redactQuery(rest.slice(at + 1))}`;
}

/** Whether nothing that follows a colon can be a password: it is a port, or within the brackets of an address. */
function hasPlainHosts(rest: string): boolean {
  const authority = /^[^/?#]*/.exec(rest)?.[0] ?? '';
  return authority.split(',').every((host) => /^(?:\[[0-9a-f:.]*\]|[\w.~-]*)(?::\d{0,5})?$/i.test(host));
}

function redactQuery(text: string): string {
  const question = text.indexOf('?');
  if (question === -1) {
    return text;
  }
  const options = text.slice(question + 1).split('&');
  const shown = options.map((option) => (SHOWN_OPTION.test(option) ? option : HIDDEN));
  return `${text.slice(0, question)}?${shown.join('&')}`;
}
