/**
 * Prints the distinct span names that recordings give, by family, each with its count. Usage, after `npm run build`:
 *   node scripts/span-names.mjs <recording.ndjson[.gz]>...
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { decode } from '../dist/codec/envelope.js';
import { Translator } from '../dist/translator.js';

const FAMILIES = [
  ['HTTP', 'http.request.method'],
  ['SQL', 'db.system.name'],
  ['RPC', 'rpc.system.name'],
  ['functions', 'code.function.name'],
];

function readLines(path) {
  const bytes = readFileSync(path);
  const isCompressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return (isCompressed ? gunzipSync(bytes) : bytes).toString('utf8').split('\n').filter(Boolean);
}

function decodeLine(line) {
  const { body, body_base64: encoded = '', properties } = JSON.parse(line);
  const bytes = body === undefined ? Buffer.from(encoded, 'base64') : Buffer.from(body);
  return decode(bytes, { headers: properties?.headers });
}

function* spansOf(path) {
  const translator = new Translator();
  for (const line of readLines(path)) {
    const decoded = decodeLine(line);
    if (decoded.kind === 'event') yield* translator.add(decoded.event, undefined);
  }
  yield* translator.flush();
}

function familyOf({ attributes }) {
  return FAMILIES.find(([, key]) => attributes[key] !== undefined)?.[0] ?? 'other';
}

function countNames(paths) {
  const families = new Map();
  for (const path of paths) {
    for (const { kind, span } of spansOf(path)) {
      if (kind !== 'span') continue;
      const family = familyOf(span);
      const names = families.get(family) ?? new Map();
      names.set(span.name, (names.get(span.name) ?? 0) + 1);
      families.set(family, names);
    }
  }
  return families;
}

const paths = process.argv.slice(2);
if (paths.length === 0) {
  console.error('usage: node scripts/span-names.mjs <recording.ndjson[.gz]>...');
  process.exitCode = 2;
}
const families = countNames(paths);
for (const [family, names] of families) {
  console.log(`\n${family}: ${names.size} names`);
  const byCount = [...names].sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1));
  for (const [name, count] of byCount) console.log(`${String(count).padStart(7)}  ${name}`);
}
const total = [...families.values()].reduce((sum, names) => sum + names.size, 0);
console.log(`\n${total} names in all`);
