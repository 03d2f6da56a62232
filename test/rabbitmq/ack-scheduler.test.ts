import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AckChannel, AckScheduler } from '../../src/rabbitmq/ack-scheduler.js';

class Channel implements AckChannel {
  readonly window = 100;
  readonly tracker = this;
  waiting = 0;
  scattered = 0;
  isBehindMany = false;
  flushes = 0;

  /** So many wait that would need frames of their own. */
  scatter(waiting: number): void {
    this.waiting = waiting;
    this.scattered = waiting;
  }

  flush(): void {
    this.flushes += 1;
    this.waiting = 0;
    this.scattered = 0;
  }
}

function twoChannels(): { acks: AckScheduler; one: Channel; other: Channel } {
  const acks = new AckScheduler();
  const [one, other] = [new Channel(), new Channel()];
  acks.join(one);
  acks.join(other);
  return { acks, one, other };
}

/** Something was settled; resolves when that has been looked at. */
function settled(acks: AckScheduler): Promise<void> {
  acks.soon();
  return endOfTurn();
}

/** What was settled waits; once that has changed, all of it goes. */
async function waitsUntil(
  { acks, one, other }: ReturnType<typeof twoChannels>,
  change: () => void,
): Promise<void> {
  await settled(acks);
  assert.deepEqual([one.flushes, other.flushes], [0, 0]);
  change();
  await settled(acks);
  assert.deepEqual([one.flushes, other.flushes], [1, 1]);
}

const endOfTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('settlements', () => {
  it('go at the end of the turn when all of them can go together, once for all that is settled in it', async () => {
    const { acks, one } = twoChannels();
    one.waiting = 2;
    acks.soon();
    acks.soon();
    assert.equal(one.flushes, 0);
    await endOfTurn();
    assert.equal(one.flushes, 1);
  });

  it('wait while some of any channel would need frames of their own, and then all go', async (test) => {
    test.mock.timers.enable({ apis: ['setTimeout'] });
    const { acks, one, other } = twoChannels();
    one.scatter(2);
    other.waiting = 2;
    await settled(acks);
    await settled(acks);
    test.mock.timers.tick(999);
    assert.deepEqual([one.flushes, other.flushes], [0, 0]);
    test.mock.timers.tick(1);
    assert.deepEqual([one.flushes, other.flushes], [1, 1]);
  });

  it('wait no longer than until the trace before them is over', async () => {
    const channels = twoChannels();
    channels.one.scatter(20);
    await waitsUntil(channels, () => {
      channels.one.scattered = 0;
    });
  });

  it('go when few of all of them would need frames of their own', async () => {
    const channels = twoChannels();
    channels.one.scatter(2);
    channels.other.waiting = 13;
    await waitsUntil(channels, () => {
      channels.other.waiting = 14;
    });
  });

  it('all go when more than a quarter of a window waits', async () => {
    const channels = twoChannels();
    channels.one.scatter(25);
    await waitsUntil(channels, () => {
      channels.one.waiting = 26;
    });
  });

  it('wait up to half of a window behind many messages that are open', async () => {
    const channels = twoChannels();
    channels.one.scatter(50);
    channels.one.isBehindMany = true;
    await waitsUntil(channels, () => {
      channels.one.waiting = 51;
    });
  });

  it('all go once those are settled that many of them were behind', async () => {
    const channels = twoChannels();
    channels.one.scatter(26);
    channels.one.isBehindMany = true;
    await waitsUntil(channels, () => {
      channels.one.isBehindMany = false;
    });
  });

  it('do not wait when one of them is urgent', async () => {
    const { acks, one, other } = twoChannels();
    one.scatter(2);
    acks.soon();
    acks.soon(true);
    await endOfTurn();
    assert.deepEqual([one.flushes, other.flushes], [1, 1]);
    one.scatter(1);
    await settled(acks);
    assert.equal(one.flushes, 1);
    acks.flush();
  });

  it('are not sent to a channel that is gone', async () => {
    const { acks, one, other } = twoChannels();
    one.waiting = 1;
    acks.soon();
    acks.leave(one);
    await endOfTurn();
    assert.deepEqual([one.flushes, other.flushes], [0, 1]);
  });
});
