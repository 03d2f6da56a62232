// A program that has notifications and wants spans: an ES module.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { decode, Translator } from 'osprofiler-otel-bridge';

const lines = gunzipSync(readFileSync(process.argv[2])).toString('utf8').trim().split('\n');
const translator = new Translator();
const spans = [];
for (const line of lines) {
  const decoded = decode(Buffer.from(JSON.parse(line).body));
  if (decoded.kind !== 'event') continue;
  for (const result of translator.add(decoded.event)) {
    if (result.kind === 'span') spans.push(result.span);
  }
}
for (const result of translator.flush()) {
  if (result.kind === 'span') spans.push(result.span);
}
console.log(JSON.stringify({ notifications: lines.length, spans: spans.length, first: spans[0].name }));
