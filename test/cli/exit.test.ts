import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, test } from 'node:test';
import { endWithin, leaveOnCrash, leaveQuietlyOnClosedPipe, listenForStop } from '../../src/cli/exit.js';

class FakeProcess extends EventEmitter {
  readonly left: number[] = [];
  exit(status: number): void {
    this.left.push(status);
  }
}

describe('signals', () => {
  test('the first calls the handlers, the second leaves at once with 128 + its number', () => {
    const host = new FakeProcess();
    const onStopSignal = listenForStop(host);
    const got: string[] = [];
    onStopSignal((signal) => void got.push(signal));
    host.emit('SIGTERM', 'SIGTERM');
    assert.deepEqual([got, host.left], [['SIGTERM'], []]);
    host.emit('SIGINT', 'SIGINT');
    assert.deepEqual([got, host.left], [['SIGTERM'], [130]]);
  });

  test('a terminal that hangs up ends it as SIGTERM does', () => {
    const host = new FakeProcess();
    const got: string[] = [];
    listenForStop(host)((signal) => void got.push(signal));
    host.emit('SIGHUP', 'SIGHUP');
    assert.deepEqual([got, host.left], [['SIGHUP'], []]);
  });

  test('an end that never comes is not waited for longer than the drain timeout and 5 s', async (test) => {
    test.mock.timers.enable({ apis: ['setTimeout'] });
    const ending = endWithin(1_000, () => new Promise(() => undefined));
    test.mock.timers.tick(6_000);
    assert.equal(await ending, false);
    assert.equal(await endWithin(1_000, async () => true), true);
  });

  test('the first leaves when nobody handles it', () => {
    const host = new FakeProcess();
    listenForStop(host);
    host.emit('SIGTERM', 'SIGTERM');
    assert.deepEqual(host.left, [143]);
  });
});

describe('a crash', () => {
  test('is told once and leaves with 1', () => {
    const host = new FakeProcess();
    const told: unknown[] = [];
    leaveOnCrash(host, (error) => told.push(error));
    const error = new Error('first');
    host.emit('uncaughtException', error);
    host.emit('uncaughtException', new Error('second'));
    assert.deepEqual([told, host.left], [[error], [1]]);
  });

  test('leaves with 1 even when it cannot be told', () => {
    const host = new FakeProcess();
    leaveOnCrash(host, () => {
      throw new Error('no stderr');
    });
    assert.throws(() => host.emit('uncaughtException', new Error('first')));
    assert.deepEqual(host.left, [1]);
  });
});

test('a closed stdout leaves with 0, a closed stderr is lived with, another fault of stdout is thrown', () => {
  const host = new FakeProcess();
  const [stdout, stderr] = [new EventEmitter(), new EventEmitter()];
  leaveQuietlyOnClosedPipe(stdout, stderr, host);
  const closed = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
  stderr.emit('error', closed);
  assert.deepEqual(host.left, []);
  stdout.emit('error', closed);
  assert.deepEqual(host.left, [0]);
  assert.throws(() => stdout.emit('error', Object.assign(new Error('full'), { code: 'ENOSPC' })), /full/);
});
