import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StatusLogger } from '../../src/rabbitmq/status-logger.js';
import { RememberingLog } from '../support/receiving.js';

describe('the announcer', () => {
  it('says a thing once a minute, another thing at once, and the same again when it had been over', () => {
    const log = new RememberingLog();
    let time = 0;
    const announcer = new StatusLogger(log, () => time);
    announcer.say('warn', {}, 'a');
    announcer.say('warn', {}, 'a');
    announcer.say('info', {}, 'b');
    time = 59_999;
    announcer.say('warn', {}, 'a');
    time = 60_000;
    announcer.say('warn', {}, 'a');
    announcer.forget();
    announcer.say('warn', {}, 'a');
    assert.deepEqual(
      log.lines.map(({ level, message }) => `${level} ${message}`),
      ['warn a', 'info b', 'warn a', 'warn a'],
    );
  });
});
