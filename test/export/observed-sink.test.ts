import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ObservedSink, type Sent } from '../../src/export/observed-sink.js';
import { HeldSink, span } from '../support/spans.js';

describe('an observed sink', () => {
  it('shows each answer of the backend with its spans, and passes it on', async () => {
    const backend = new HeldSink();
    const seen: Sent[] = [];
    const sink = new ObservedSink(backend, (sent) => seen.push(sent));
    const spans = [span('one'), span('two')];
    const sending = sink.send(spans);
    assert.equal(seen.length, 0);
    const outcome = { kind: 'retryable', reason: 'busy' } as const;
    backend.requests[0]!.answer(outcome);
    assert.equal(await sending, outcome);
    assert.equal(seen.length, 1);
    assert.equal(seen[0]!.spans, spans);
    assert.equal(seen[0]!.outcome, outcome);
    assert.ok(seen[0]!.durationMs >= 0);
  });

  it('closes what it watches', async () => {
    const backend = new HeldSink();
    await new ObservedSink(backend, () => {}).close();
    assert.ok(backend.isClosed);
  });
});
