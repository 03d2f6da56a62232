/** No secret of any recording is in what leaves. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TranslatorOptions } from '../../../src/translator.js';
import { captureNames, captureText } from '../../support/captures.js';
import { secretsIn } from '../../support/secrets.js';
import { notificationsOf, otlpJson, spansIn, translate } from '../../support/translating.js';

/** Looked for in all of them: what leaks from one service must not leave with another's span either. */
const SECRETS = new Set(captureNames().flatMap((name) => secretsIn(captureText(name))));
const EVERYTHING: TranslatorOptions = { sqlParameters: true, results: true };

function exported(name: string, options: TranslatorOptions): string {
  return otlpJson(spansIn(translate(notificationsOf(name), options)));
}

function leaksOf(text: string): string[] {
  return [...SECRETS].filter((secret) => text.includes(secret) || text.includes(escaped(secret)));
}

/** As it stands inside a JSON text. */
function escaped(secret: string): string {
  return JSON.stringify(secret).slice(1, -1);
}

describe('the secrets of recorded notifications', () => {
  it('are of several kinds, and leave with mask off: or else this test would prove nothing', () => {
    const some = ['keystone-user-create', 'nova-server-boot-no-db', 'py-args'];
    for (const name of some)
      assert.ok(leaksOf(exported(name, { ...EVERYTHING, mask: 'off' })).length > 0, name);
    const kinds = [/^\$2[aby]\$/, /^[A-Za-z0-9]{12}$/, /^hunter2/];
    for (const kind of kinds)
      assert.ok(
        [...SECRETS].some((secret) => kind.test(secret)),
        String(kind),
      );
    assert.ok(captureNames().includes('t13-rec-keystone-duplicate-user'));
  });

  const settings: [string, TranslatorOptions][] = [
    ['by default', {}],
    ['with SQL parameters and results', EVERYTHING],
    ['with mask strict', { ...EVERYTHING, mask: 'strict' }],
    ['when values are cut short', { ...EVERYTHING, attributeValueLengthLimit: 300 }],
  ];
  for (const [when, options] of settings) {
    it(`never leave ${when}`, () => {
      for (const name of captureNames()) assert.deepEqual(leaksOf(exported(name, options)), [], name);
    });
  }
});
