import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { Outcome, Sink } from '../../src/contracts.js';
import { JSON_ENCODING } from '../../src/export/json-encoding.js';
import { type Lane, Lanes } from '../../src/export/lanes.js';

const TAKEN: Outcome = { kind: 'accepted' };

/** A sink that answers when it is told to, and notes what is asked of it. */
class Answering implements Sink {
  readonly answers: ((outcome: Outcome) => void)[] = [];
  sent = 0;
  closed = 0;
  isStuck = false;
  readonly encode = (span: ReadableSpan): ReadableSpan => span;

  send(): Promise<Outcome> {
    this.sent++;
    return new Promise((resolve) => this.answers.push(resolve));
  }

  async close(): Promise<void> {
    this.closed++;
  }
}

function lanes(): { readonly all: Lanes; readonly opened: Answering[] } {
  const opened: Answering[] = [];
  const open = (): Lane => {
    const sink = new Answering();
    opened.push(sink);
    return {
      sink,
      get isStuck() {
        return sink.isStuck;
      },
    };
  };
  return { all: new Lanes(JSON_ENCODING, open), opened };
}

describe('several sinks as one', () => {
  it('have one batch on their way each, and are as many as batches were at once', async () => {
    const { all, opened } = lanes();
    assert.equal(opened.length, 1);
    const both = [all.send([]), all.send([])];
    assert.deepEqual(
      opened.map(({ sent }) => sent),
      [1, 1],
    );
    for (const { answers } of opened) answers[0]!(TAKEN);
    assert.deepEqual(await Promise.all(both), [TAKEN, TAKEN]);
    const more = [all.send([]), all.send([])];
    assert.deepEqual(
      opened.map(({ sent }) => sent),
      [2, 2],
    );
    for (const { answers } of opened) answers[1]!(TAKEN);
    await Promise.all(more);
  });

  it('give the outcome of their own batch', async () => {
    const { all, opened } = lanes();
    const refused: Outcome = { kind: 'permanent', reason: 'no' };
    const [first, second] = [all.send([]), all.send([])];
    opened[1]!.answers[0]!(refused);
    assert.equal(await second, refused);
    opened[0]!.answers[0]!(TAKEN);
    assert.equal(await first, TAKEN);
  });

  it('send nothing more by one that was given up on, and close it', async () => {
    const { all, opened } = lanes();
    const sent = all.send([]);
    opened[0]!.isStuck = true;
    opened[0]!.answers[0]!({ kind: 'retryable', reason: 'no end' });
    await sent;
    assert.equal(opened[0]!.closed, 1);
    const next = all.send([]);
    assert.deepEqual(
      opened.map(({ sent: count }) => count),
      [1, 1],
    );
    opened[1]!.answers[0]!(TAKEN);
    await next;
  });

  it('are closed all together, those with a batch on its way too', async () => {
    const { all, opened } = lanes();
    const [first] = [all.send([]), all.send([])];
    opened[0]!.answers[0]!(TAKEN);
    await first;
    await all.close();
    assert.deepEqual(
      opened.map(({ closed }) => closed),
      [1, 1],
    );
  });
});
