/** A span that is written down is still the span that it was. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { encodeAsJson, writeAsJson } from '../../src/export/json-encoding.js';
import { type RunBounds, WrittenRun } from '../../src/export/written-run.js';
import { WrittenSpan } from '../../src/export/written-span.js';
import { captureNames } from '../support/captures.js';
import { shown } from '../support/shown.js';
import { notificationsOf, spansIn, translate } from '../support/translating.js';

describe('a written span', () => {
  for (const name of captureNames()) {
    it(`of ${name} reads as it was`, () => {
      const options = { sqlParameters: true, results: true, rootSpan: true };
      for (const span of spansIn(translate(notificationsOf(name), options))) {
        const written = writeAsJson(span);
        assert.ok(written instanceof WrittenSpan);
        assert.deepEqual(shown(written), shown(span));
        assert.deepEqual(shown(written.read()), shown(span));
      }
    });
  }

  const spans = spansIn(translate(notificationsOf('keystone-no-db')));
  const boot = spansIn(translate(notificationsOf('nova-server-boot-no-valid-host')));

  it('is sent as it would have been', () => {
    const mixed = spans.map((span, index) => (index % 2 === 0 ? writeAsJson(span) : span));
    assert.deepEqual(encodeAsJson(mixed), encodeAsJson(spans));
  });

  it('is sent with one that is left to the package', () => {
    const [span, ...others] = spans as [ReadableSpan, ...ReadableSpan[]];
    const unusual = { ...span, attributes: { list: ['a', 'b'] } };
    assert.equal(writeAsJson(unusual), unusual);
    assert.deepEqual(encodeAsJson([unusual, ...others.map(writeAsJson)]), encodeAsJson([unusual, ...others]));
  });

  it('is one with those that were written behind it', () => {
    const written = boot.map(writeAsJson);
    for (const bounds of [NO_BOUNDS, { ...NO_BOUNDS, maxSpans: 3 }, { ...NO_BOUNDS, maxBytes: 12_000 }]) {
      const runs = runsOf(written, bounds);
      assert.deepEqual(runs.flatMap((run) => run.read()).map(shown), boot.map(shown));
      assert.ok(runs.length < boot.length);
      for (const { count, length } of runs) {
        assert.ok(count <= bounds.maxSpans);
        assert.ok(length <= bounds.maxBytes || count === 1);
      }
      const elsewhere = Buffer.alloc(7 + runs[0]!.length);
      assert.deepEqual(runs[0]!.copiedTo(elsewhere, 7).read().map(shown), runs[0]!.read().map(shown));
    }
  });

  it('is none with those of other traces and resources, with others between them, or in other bytes', () => {
    const mixed = spans
      .slice(0, 10)
      .flatMap((span, at) => [span, boot[at]!])
      .map(writeAsJson);
    assert.equal(runsOf(mixed, NO_BOUNDS).length, mixed.length);
    const { resource } = boot[0]!;
    const alike = boot.filter((span) => span.resource === resource);
    const [first, second, third] = alike.map(writeAsJson) as WrittenSpan[];
    assert.equal(runsOf([first!, second!, third!], NO_BOUNDS).length, 1);
    assert.equal(runsOf([first!, third!], NO_BOUNDS).length, 2);
    assert.equal(runsOf([second!, first!], NO_BOUNDS).length, 2);
    assert.equal(runsOf([first!, alike[1]!], NO_BOUNDS).length, 1);
  });
});

const NO_BOUNDS = { maxSpans: 1e6, maxBytes: 1e9 };

function runsOf(all: readonly ReadableSpan[], bounds: RunBounds): WrittenRun[] {
  const runs: WrittenRun[] = [];
  for (let at = 0; at < all.length; at += runs.at(-1)!.count) {
    if (!(all[at] instanceof WrittenSpan)) return runs;
    runs.push(WrittenRun.from(all[at] as WrittenSpan, all, at, bounds));
  }
  return runs;
}
