/**
 * Renews the examples in docs/mapping.md from the golden files under test/fixtures/golden, which tests hold the
 * mapping to. What stands between `<!-- example <name> -->` and `<!-- end of example -->` is made here; `<name> in
 * full` leaves nothing out. Usage:
 *   node scripts/mapping-doc.mjs            writes the page
 *   node scripts/mapping-doc.mjs --check    ends with status 1 when the page is not up to date
 */
import { readFileSync, writeFileSync } from 'node:fs';

const PAGE = new URL('../docs/mapping.md', import.meta.url);
const GOLDEN = new URL('../test/fixtures/golden/', import.meta.url);
const EXAMPLE = /<!-- example ([a-z0-9-]+)( in full)? -->\n[\s\S]*?<!-- end of example -->/g;

/** Text beyond this is cut in an example, unless it is shown in full. */
const MAX_TEXT = 160;
/** What every span and every notification has, shown once in full. */
const COMMON_ATTRIBUTES = /^osprofiler\.(?:base_id|trace_id|parent_id|name|project|service)$/;
const IDS = new Set(['base_id', 'trace_id', 'parent_id']);
const SPAN_IDS = new Set(['traceId', 'spanId', 'parentSpanId']);

function renew(page) {
  return page.replace(EXAMPLE, (_old, name, inFull) => {
    const golden = JSON.parse(readFileSync(new URL(`${name}.json`, GOLDEN), 'utf8'));
    const mark = `<!-- example ${name}${inFull ?? ''} -->`;
    return `${mark}\n${example(golden, inFull !== undefined)}\n<!-- end of example -->`;
  });
}

function example({ what, settings, notifications, spans }, inFull) {
  const told = inFull ? notifications : notifications.map(shortNotification);
  const made = inFull ? spans : spans.map(shortSpan);
  const given = settings === undefined ? '' : `Settings: \`${JSON.stringify(settings)}\`\n\n`;
  const arrow = spans.length === 1 ? 'becomes' : 'become';
  return `${what}\n\n${given}${block(told)}\n\n${arrow}\n\n${block(made)}`;
}

function block(values) {
  return `\`\`\`json\n${values.map((value) => JSON.stringify(value, cut, 2)).join('\n')}\n\`\`\``;
}

function shortNotification(notification) {
  return Object.fromEntries(Object.entries(notification).filter(([key]) => !IDS.has(key)));
}

function shortSpan({ attributes, events, ...span }) {
  const kept = Object.entries(span).filter(([key]) => !SPAN_IDS.has(key));
  const told = Object.entries(attributes).filter(([key]) => !COMMON_ATTRIBUTES.test(key));
  return {
    ...Object.fromEntries(kept.filter(([key]) => key !== 'resource')),
    attributes: Object.fromEntries(told),
    ...(events.length === 0 ? {} : { events }),
    resource: span.resource,
  };
}

/** Never inside a surrogate pair. */
function cut(_key, value) {
  if (typeof value !== 'string' || value.length <= MAX_TEXT) return value;
  return `${value
    .slice(0, MAX_TEXT)
    .toWellFormed()
    .replace(/\ufffd$/, '')}…`;
}

const present = readFileSync(PAGE, 'utf8');
const renewed = renew(present);
if (process.argv[2] !== '--check') {
  writeFileSync(PAGE, renewed);
} else if (renewed !== present) {
  console.error('docs/mapping.md is not up to date: run node scripts/mapping-doc.mjs');
  process.exitCode = 1;
}
