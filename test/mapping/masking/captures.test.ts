/** What really leaks: the secrets in recorded notifications, found by other means than the masker's. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { maskText } from '../../../src/mapping/masking/mask.js';
import { captureNames, readCapture } from '../../support/captures.js';

const TYPED_ON_COMMAND_LINES = ['S3cr3t-P@ssw0rd', 'wrong-password-XYZ', 'hunter2-shown'];
const IN_BODIES = [
  /'admin_password': '([^']+)'/g,
  /'password': '([^']+)'/g,
  /(\$2b\$[\w./$]+)/g,
  /(gAAAAA[\w-]{20,})/g,
  /"password_hash": "([^"]+)"/g,
];

/** Every text in the JSON of a body, envelopes opened; none for compressed bodies. */
function textsOf(body: string): string[] {
  const texts: string[] = [];
  const collect = (_key: string, value: unknown): unknown => {
    if (typeof value === 'string') texts.push(value);
    return value;
  };
  try {
    const json = JSON.parse(body, collect) as { 'oslo.message'?: string };
    if (json['oslo.message'] !== undefined) JSON.parse(json['oslo.message'], collect);
  } catch {
    return [];
  }
  return texts;
}

function secretsIn(body: string): string[] {
  const found = IN_BODIES.flatMap((pattern) => [...body.matchAll(pattern)].map((match) => match[1]!));
  return [...found, ...TYPED_ON_COMMAND_LINES.filter((secret) => body.includes(secret))];
}

function assertNoneSurvives(bodies: readonly string[]): Set<string> {
  const secrets = new Set(bodies.flatMap(secretsIn));
  for (const body of bodies) {
    for (const text of [...textsOf(body), body]) {
      const masked = maskText(text);
      for (const secret of secrets) assert.ok(!masked.includes(secret), `${secret} in ${masked}`);
    }
  }
  return secrets;
}

test('no secret of the recorded leaks survives: generated admin passwords, a bcrypt hash, a password argument', () => {
  const lines = readFileSync('test/fixtures/masking/recorded.ndjson', 'utf8').trim().split('\n');
  const bodies = lines.map((line) => (JSON.parse(line) as { body: string }).body);
  const secrets = assertNoneSurvives(bodies);
  assert.equal(secrets.size, 3);
});

test('no secret of any capture survives', () => {
  const secrets = new Set<string>();
  for (const name of captureNames()) {
    const bodies = readCapture(name).map(({ body }) => body.toString('utf8'));
    for (const secret of assertNoneSurvives(bodies)) secrets.add(secret);
  }
  assert.ok(secrets.size >= 2, [...secrets].join());
});

test('in all captures only secrets are masked: no statement, path or other text changes', () => {
  for (const name of captureNames()) {
    const bodies = readCapture(name).map(({ body }) => body.toString('utf8'));
    const secrets = bodies.flatMap(secretsIn);
    for (const text of new Set(bodies.flatMap(textsOf))) {
      if (!secrets.some((secret) => text.includes(secret))) assert.equal(maskText(text), text);
    }
  }
});
