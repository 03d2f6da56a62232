/**
 * Secrets never leave: the door to this room's `mask-*.ts` files. In place of a secret stands `***`.
 */
import { MASK } from './extent.js';
import { isSecretKey } from './keys.js';
import { maskText } from './text.js';
import { maskQueryWith } from './url.js';

export { isSecretKey } from './keys.js';
export { maskText } from './text.js';

/** A URL's query, without its `?`, with the values of secret keys masked. Order and all other bytes stay. */
export function maskQuery(query: string): string {
  return maskQueryWith(query, maskText);
}

/** A URL with the password before its host, and secrets in its path, query and fragment masked. */
export function maskUrl(url: string): string {
  const hash = url.indexOf('#');
  const beforeFragment = hash === -1 ? url : url.slice(0, hash);
  // OAuth's answers carry their tokens in the fragment, written as a query is.
  const fragment = hash === -1 ? '' : `#${maskQuery(url.slice(hash + 1))}`;
  const mark = beforeFragment.indexOf('?');
  if (mark === -1) return maskBase(beforeFragment) + fragment;
  return `${maskBase(beforeFragment.slice(0, mark))}?${maskQuery(beforeFragment.slice(mark + 1))}${fragment}`;
}

/** Scheme, authority and path. Without a scheme, as in `//user:password@host`, there is an authority all the same. */
function maskBase(base: string): string {
  return base.startsWith('//') ? maskText(`x:${base}`).slice(2) : maskText(base);
}

/** Text that stands under a key of its own: gone altogether when the key is secret, unless it is empty. */
export function maskValue(key: string, value: string): string {
  return isSecretKey(key) && value !== '' ? MASK : maskText(value);
}
