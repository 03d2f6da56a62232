import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { diag } from '@opentelemetry/api';
import type { LogSettings } from '../../src/settings/settings.js';
import { routeDiag } from '../../src/sidecar/diag.js';
import { createLog } from '../../src/sidecar/logger.js';

/** What of it is logged, as text and as the entries that the text is. */
function logged(level: LogSettings['level'], speak: () => void): { text: string; entries: Entry[] } {
  let text = '';
  const stream = {
    write: (line: string) => {
      text += line;
    },
  };
  routeDiag(createLog({ level, format: 'json' }, stream), level);
  speak();
  const lines = text.split('\n').filter((line) => line !== '');
  return { text, entries: lines.map((line) => JSON.parse(line) as Entry) };
}

interface Entry {
  readonly level: string;
  readonly from: string;
  readonly msg: string;
  readonly details?: readonly unknown[];
  readonly suppressed?: number;
}

describe("what OpenTelemetry's packages say", () => {
  afterEach(() => diag.disable());

  it('is in the log from warnings on, user info hidden', () => {
    const { entries } = logged('info', () => {
      diag.info('unseen');
      diag.warn('partial success', { rejected: 3, url: 'http://u:pw@h/' });
    });
    assert.equal(entries.length, 1);
    const { level, from, msg, details } = entries[0]!;
    assert.deepEqual([level, from, msg], ['warn', 'opentelemetry', 'partial success']);
    assert.deepEqual(details, [{ rejected: 3, url: 'http://***@h/' }]);
  });

  it('names the component with what it says', () => {
    const { entries } = logged('info', () => {
      diag.createComponentLogger({ namespace: 'Delegate' }).error('failed', new Error('no route'), 503);
    });
    assert.equal(entries[0]!.msg, 'Delegate: failed');
    assert.deepEqual(entries[0]!.details, [{ type: 'Error', message: 'no route' }, 503]);
  });

  it('appears once when it repeats', () => {
    const { entries } = logged('info', () => {
      const component = diag.createComponentLogger({ namespace: 'Delegate' });
      for (let times = 0; times < 5; times++) component.warn('again');
      component.warn('another');
    });
    assert.deepEqual(
      entries.map(({ msg }) => msg),
      ['Delegate: again', 'Delegate: another'],
    );
  });

  it('never holds a payload, not even when debugging', () => {
    const spans = Array.from({ length: 3 }, () => ({ attributes: { note: 'kept secret' } }));
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    const { text, entries } = logged('debug', () => {
      diag.debug('items to be sent', spans, { deep: 'kept secret '.repeat(100) }, Buffer.from('kept secret'));
      diag.warn('answered', circle, 'x'.repeat(10_000));
    });
    assert.doesNotMatch(text, /kept secret/);
    // The first line is that of the API, which says that it was given a logger.
    const [, sent, answered] = entries;
    assert.deepEqual(sent!.details, ['3 items, left out', 'a large object, left out', '11 bytes, left out']);
    assert.deepEqual(answered!.details, ['a large object, left out']);
    assert.ok(answered!.msg.length < 600);
  });
});
