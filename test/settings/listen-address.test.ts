import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatListen, isLoopback, parseListen } from '../../src/settings/listen-address.js';

describe('an address to listen on', () => {
  const rows = [
    ['127.0.0.1:13133', '127.0.0.1', 13133],
    ['localhost:80', 'localhost', 80],
    ['[::1]:13133', '::1', 13133],
    ['[fe80::1%eth0]:1', 'fe80::1%eth0', 1],
    [':13133', '::', 13133],
    ['0.0.0.0:0', '0.0.0.0', 0],
  ] as const;
  for (const [text, host, port] of rows) {
    it(`${text} is read and written`, () => {
      assert.deepEqual(parseListen(text), { host, port });
      assert.equal(formatListen({ host, port }), text);
    });
  }

  for (const text of [
    '',
    '13133',
    'localhost',
    'localhost:',
    ':65536',
    '::1:80',
    'http://h:1',
    'a b:1',
    '[x]:1',
  ]) {
    it(`'${text}' is none`, () => assert.equal(parseListen(text), undefined));
  }

  it('is loopback or not', () => {
    for (const host of ['127.0.0.1', '127.1.2.3', 'localhost', '::1', '::ffff:127.0.0.1'])
      assert.ok(isLoopback(host));
    for (const host of ['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', 'localhost.example', ''])
      assert.ok(!isLoopback(host));
  });
});
