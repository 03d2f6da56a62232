import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { toTraceId } from '../../src/mapping/ids.js';
import { isSampled } from '../../src/mapping/sampling.js';
import { Translator } from '../../src/translator.js';
import { start, stop } from '../support/notifications.js';

const COUNT = 20_000;

/** UUIDs of version 4 that look random and are always the same ones. */
const IDS = Array.from({ length: COUNT }, (_nothing, index) => {
  const hex = createHash('sha256').update(`trace ${index}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
});

function kept(ratio: number): string[] {
  return IDS.filter((id) => isSampled(toTraceId(id), ratio));
}

describe('sampling by the trace id', () => {
  it('keeps all traces at 1 and none at 0', () => {
    assert.equal(kept(1).length, COUNT);
    assert.equal(kept(0).length, 0);
  });

  it('keeps about the part that it is told to', () => {
    for (const ratio of [0.01, 0.25, 0.5, 0.9]) {
      const expected = COUNT * ratio;
      const deviation = Math.sqrt(COUNT * ratio * (1 - ratio));
      const count = kept(ratio).length;
      assert.ok(Math.abs(count - expected) < 4 * deviation, `${count} of ${COUNT} at ${ratio}`);
    }
  });

  it('keeps at a higher ratio whatever it keeps at a lower one', () => {
    const more = new Set(kept(0.3));
    assert.ok(kept(0.25).every((id) => more.has(id)));
  });

  it('goes by the last 56 bits against a threshold, as OpenTelemetry has it', () => {
    assert.equal(isSampled(`${'0'.repeat(18)}c0000000000000`, 0.25), true);
    assert.equal(isSampled(`${'f'.repeat(18)}bfffffffffffff`, 0.25), false);
  });
});

describe('a translator that samples', () => {
  it('gives all halves of a trace the same fate, and back at once when it is not kept', () => {
    const translator = new Translator<string>({ sampleRatio: 0.25 });
    let spans = 0;
    for (const baseId of IDS.slice(0, 400)) {
      const fates = new Set<string>();
      for (const traceId of ['a', 'b']) {
        for (const half of [start({ baseId, traceId }), stop({ baseId, traceId })]) {
          for (const made of translator.add(half, half.phase)) fates.add(made.kind);
        }
      }
      assert.equal(fates.size, 1);
      if (fates.has('span')) spans++;
      assert.equal(fates.has('span'), isSampled(toTraceId(baseId), 0.25));
    }
    assert.ok(spans > 0);
    assert.equal(translator.openPoints, 0);
  });

  it('keeps a trace whose id is no UUID, or drops it, by its hash', () => {
    for (const baseId of ['not-a-uuid', 'req-1', 12345n]) {
      const made = new Translator({ sampleRatio: 0.5 }).add(start({ baseId }), undefined);
      assert.equal(made.length === 0, isSampled(toTraceId(baseId), 0.5));
    }
  });

  it('makes no root span of a trace that it drops', () => {
    const translator = new Translator({ sampleRatio: 0, rootSpan: true });
    translator.add(start(), undefined);
    translator.add(stop(), undefined);
    assert.deepEqual([...translator.flush()], []);
  });
});
