/**
 * The low-cardinality target of an HTTP span's name: a raw path with everything that names a thing folded into `{id}`.
 * Members of OpenStack's collections are addressed by id or by name, so what is a name is told by its place in
 * the tree of routes first, and by its looks only where that tree ends.
 */
import { BEHIND_PROJECT, ROUTES, type RouteNode } from './openstack-routes.js';

const ID = '{id}';
/** Stands for everything that was not looked at. */
const REST = '…';

/** Segments kept of a path; the deepest route of the APIs has 10, a mount point before the version included. */
const MAX_SEGMENTS = 12;
/** The longest segment that may be a word, in characters. */
const MAX_SEGMENT = 64;
/** Characters of a path that are looked at. */
const MAX_PATH = 2048;
/** Account, container and object. */
const OBJECT_STORE_SEGMENTS = 3;
/** How far in an API's version may stand: `/load-balancer/v2`, `/openstack/compute/v2.1`. */
const MAX_MOUNT_SEGMENTS = 2;

const METADATA_VERSION = /^(?:latest|1\.0|20\d\d-[01]\d-[0-3]\d)$/;
const API_VERSION = /^v\d{1,2}(?:\.\d{1,2})?(?:(?:alpha|beta)\d?)?$/i;
/** Swift's reseller prefixes as they come: its own, its service accounts' and s3api's. */
const ACCOUNT = /^(?:AUTH|SERVICE|KEY)_/;
const FORMAT = /\.(?:json|xml)$/i;

const NOT_A_WORD = /[^A-Za-z0-9_.~-]/;
const PREFIXED = /^(?:(?:AUTH|SERVICE|KEY)_|req-)/;
const NUMBER = /^[-+]?\d+(?:\.\d+)*$/;
const HEX = /^(?:0x[0-9a-f]+|(?=[a-f]*\d)[0-9a-f]{8,})$/i;
/** A UUID with its dashes, 16 hex digits in a row, or 4 decimal ones: `volume-<uuid>`, `instance-0000002a`. */
const HOLDS_IDENTIFIER = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{16}|\d{4}/i;
const BASE64 = /^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[\w-]{16,}$/;

/**
 * The template of a path of an OpenStack API, for a span's name: `/v2.1/servers/vm1/os-volume_attachments/…` becomes
 * `/v2.1/servers/{id}/os-volume_attachments/{id}`.
 * - Behind a collection of a known API the next segment becomes `{id}`, unless it is one of that collection's verbs
 *   (`detail`). So does a project's id between version and collection, whatever it looks like.
 * - Elsewhere a segment becomes `{id}` when it looks like an identifier: UUIDs, numbers, addresses, hex of 8 or more
 *   with a digit or of 16 or more, anything with such an id or four digits in a row inside, base64, `AUTH_…`, `req-…`,
 *   percent-encoded or other characters that words do not have, more than 64 characters.
 * - In an object store account, container and object (with all its slashes) become an `{id}` each.
 * - Versions stay, mount points before them (`/identity/v3`) and suffixes of words (`networks.json`) too.
 * - Words are known in any case and kept as they were sent.
 *
 * Slashes in a row count as one, trailing ones and a query are dropped; there is always one at the front. Of a path
 * deeper than 12 segments, or longer than 2,048 characters, the rest is `…`.
 * @param path - as it was sent; percent-encoded or not. Work and result are bounded however long it is.
 * @returns at most 12 segments of at most 64 characters each. Templating a template changes nothing.
 */
export function templatePath(path: string): string {
  const segments = segmentsOf(path);
  return `/${(metadata(segments) ?? versioned(segments) ?? unversioned(segments)).join('/')}`;
}

/** The segments that are looked at, the last one standing for the rest where there is more. */
function segmentsOf(path: string): string[] {
  const seen = path.slice(0, MAX_PATH);
  const target = seen.split('?', 1)[0]!;
  const pieces = target.split('/');
  const torn = path.length > MAX_PATH && target.length === seen.length;
  // What is left of the piece at the limit tells only when it is too long for a word already.
  if (torn && pieces.at(-1)!.length <= MAX_SEGMENT) pieces[pieces.length - 1] = REST;
  const segments = pieces.filter((piece) => piece !== '');
  return segments.length > MAX_SEGMENTS ? [...segments.slice(0, MAX_SEGMENTS), REST] : segments;
}

/** Paths of Nova's metadata service, in EC2's form or `/openstack/…`; undefined for any other. */
function metadata(segments: readonly string[]): string[] | undefined {
  const version = segments[0] === 'openstack' ? 1 : 0;
  if (!METADATA_VERSION.test(segments[version] ?? '')) return undefined;
  return segments.map((segment, index) => (index === version ? segment : looked(segment)));
}

/** Paths with an API's version in them; undefined for any other. */
function versioned(segments: readonly string[]): string[] | undefined {
  const version = versionIndex(segments);
  if (version === -1) return undefined;
  const mount = segments.slice(0, version).map(looked);
  return [...mount, segments[version]!, ...behindVersion(segments.slice(version + 1), mount)];
}

function versionIndex(segments: readonly string[]): number {
  const index = segments.slice(0, MAX_MOUNT_SEGMENTS + 1).findIndex((segment) => API_VERSION.test(segment));
  // A member may be called like a version: in `/traits/x/v1` it is none. In `/metric/v1` the word is a mount point.
  return index === MAX_MOUNT_SEGMENTS && isFirstWord(segments[0]!) ? -1 : index;
}

function behindVersion(segments: readonly string[], mount: readonly string[]): string[] {
  const [first] = segments;
  if (first === undefined) return [];
  if (ACCOUNT.test(first) || mount.includes('swift'))
    return segments.slice(0, OBJECT_STORE_SEGMENTS).map(() => ID);
  return isProject(segments) ? [ID, ...walked(segments.slice(1))] : walked(segments);
}

/** Whether the first segment is the project in `/v3/{project_id}/volumes`; most look like ids, not all do. */
function isProject([first, second]: readonly string[]): boolean {
  if (isFirstWord(first!)) return false;
  return isIdentifier(first!) || (second !== undefined && BEHIND_PROJECT.has(bare(second).toLowerCase()));
}

/** Placement has no versions in its paths, and may be mounted below a word of the operator's. */
function unversioned(segments: readonly string[]): string[] {
  const [mount, first] = segments;
  const mounted = first !== undefined && isFirstWord(first) && !isFirstWord(mount!);
  return mounted ? [looked(mount!), ...walked(segments.slice(1))] : walked(segments);
}

/** Walks the tree of routes as far as it goes; beyond it, looks decide. */
function walked(segments: readonly string[]): string[] {
  let node: RouteNode | undefined = ROUTES;
  return segments.map((segment) => {
    const word = wordIn(node, segment);
    const member = word === undefined ? node?.member : undefined;
    node = word ?? member;
    if (word !== undefined || segment === REST) return segment;
    return member === undefined ? looked(segment) : ID;
  });
}

function wordIn(node: RouteNode | undefined, segment: string): RouteNode | undefined {
  if (node === undefined || segment.length > MAX_SEGMENT) return undefined;
  return node.words.get(segment) ?? node.words.get(bare(segment).toLowerCase());
}

function isFirstWord(segment: string): boolean {
  return wordIn(ROUTES, segment) !== undefined;
}

/** A segment without `.json` or `.xml`, which Neutron and the older APIs take behind words and ids alike. */
function bare(segment: string): string {
  return segment.includes('.') ? segment.replace(FORMAT, '') : segment;
}

/** A segment judged by its looks alone. */
function looked(segment: string): string {
  return isIdentifier(segment) ? ID : segment;
}

function isIdentifier(segment: string): boolean {
  if (segment === REST) return false;
  if (segment.length > MAX_SEGMENT || NOT_A_WORD.test(segment)) return true;
  const text = bare(segment);
  return (
    PREFIXED.test(text) ||
    NUMBER.test(text) ||
    HEX.test(text) ||
    HOLDS_IDENTIFIER.test(text) ||
    BASE64.test(text)
  );
}
