import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Log } from '../../src/contracts.js';
import { redactUrl, redactUrls } from '../../src/settings/redact.js';
import type { LogSettings } from '../../src/settings/settings.js';
import { createLog, rateLimited } from '../../src/sidecar/logger.js';

class Lines {
  text = '';
  constructor(readonly isTTY: boolean) {}
  write(text: string): void {
    this.text += text;
  }
  get entries(): Record<string, unknown>[] {
    const lines = this.text.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}

function logged(settings: Partial<LogSettings>, isTTY: boolean, use: (log: Log) => void): Lines {
  const lines = new Lines(isTTY);
  use(createLog({ level: 'info', format: 'auto', ...settings }, lines));
  return lines;
}

describe('the log', () => {
  test('is JSON lines in a pipe, with level, time, fields and the stack of an error', () => {
    const { entries } = logged({}, false, (log) => {
      log.debug({}, 'unseen');
      log.error({ queue: 'q', err: new Error('broken') }, 'hello');
    });
    assert.equal(entries.length, 1);
    const { level, time, queue, msg, err } = entries[0]!;
    assert.deepEqual([level, queue, msg], ['error', 'q', 'hello']);
    assert.match(String(time), /^\d{4}-\d\d-\d\dT.*Z$/);
    assert.match((err as { stack: string }).stack, /^Error: broken\n\s+at /);
  });

  test('is for people on a terminal, and as is asked for elsewhere', () => {
    const pretty = logged({}, true, (log) => log.info({ queue: 'q' }, 'hello')).text;
    assert.match(pretty, /INFO.*hello/);
    assert.throws(() => JSON.parse(pretty));
    assert.match(
      logged({ format: 'pretty' }, false, (log) => log.warn({}, 'hi')).text,
      /^\[.*\] WARN: hi\n$/,
    );
    const failed = logged({ format: 'pretty' }, false, (log) =>
      log.error({ err: new Error('no') }, 'a\x1b[2Jb'),
    );
    assert.match(
      failed.text,
      /^\[[\d:.]{12}\] ERROR: a\\u001b\[2Jb \{"err":\{"type":"Error","message":"no"\}\}\n {4}Error: no\n {8,}at /,
    );
    assert.equal(logged({ format: 'json' }, true, (log) => log.warn({}, 'hi')).entries[0]!['msg'], 'hi');
  });

  test('never shows the user info of a URL, in whatever field, and stays JSON', () => {
    const password = fc
      .array(fc.constantFrom(...'aB:/?#@%,;\'"\\[]é'), { maxLength: 10 })
      .map((middle) => `zqz${middle.join('')}qzq`);
    fc.assert(
      fc.property(password, fc.boolean(), (secret, isTTY) => {
        const url = `rabbit://nova:${secret}@h1:5672/v`;
        const lines = logged({ level: 'debug' }, isTTY, (log) => {
          log.warn(
            { url, deep: { list: [url] }, err: new Error(`cannot reach ${url}`) },
            `at ${url}, retrying`,
          );
        });
        assert.doesNotMatch(lines.text, /zqz|qzq/);
        if (!isTTY) assert.equal(lines.entries[0]!['url'], 'rabbit://***@h1:5672/v');
      }),
      { seed: 3, numRuns: 200 },
    );
  });
});

describe('a rate-limited log', () => {
  function recorder(): { log: Log; said: string[] } {
    const said: string[] = [];
    const say = (fields: Record<string, unknown>, message: string) =>
      void said.push(`${message} ${JSON.stringify(fields)}`);
    return { log: { debug: say, info: say, warn: say, error: say }, said };
  }

  test('lets a repeated warning through once an interval, with the count of the others', () => {
    const { log, said } = recorder();
    let now = 0;
    const limited = rateLimited(log, 1000, () => now);
    for (now = 0; now <= 2000; now += 250) limited.warn({ now }, 'down');
    assert.deepEqual(said, [
      'down {"now":0}',
      'down {"now":1000,"suppressed":3}',
      'down {"now":2000,"suppressed":3}',
    ]);
  });

  test('tells warnings apart by message or key, and passes other levels', () => {
    const { log, said } = recorder();
    const limited = rateLimited(log, 1000, () => 0);
    limited.warn({ key: 'a' }, 'host a is down');
    limited.warn({ key: 'a' }, 'host a is still down');
    limited.warn({ key: 'b' }, 'host b is down');
    limited.error({}, 'down');
    limited.info({}, 'note');
    limited.info({}, 'note');
    assert.deepEqual(said, ['host a is down {}', 'host b is down {}', 'down {}', 'note {}', 'note {}']);
  });

  test('remembers a bounded number of messages', () => {
    const { log, said } = recorder();
    const limited = rateLimited(log, 1000, () => 0);
    for (let index = 0; index <= 1000; index++) limited.warn({}, `message ${index}`);
    limited.warn({}, 'message 1000');
    limited.warn({}, 'message 0');
    assert.equal(said.length, 1002);
  });
});

describe('redaction', () => {
  const rows: [string, string][] = [
    ['no URL here: a@b', 'no URL here: a@b'],
    ['http://h:4318/v1/traces', 'http://h:4318/v1/traces'],
    ['see rabbit://a:b@h1,c:d@h2/v and http://u@h now', 'see rabbit://***@h2/v and http://***@h now'],
    ['"amqp://a:b@h" x@y', '"amqp://***@h" x@y'],
  ];
  for (const [text, expected] of rows) test(text, () => assert.equal(redactUrls(text), expected));

  test('of a single URL hides its query too', () => {
    assert.equal(redactUrl('https://u:p w@h/x?api-key=1'), 'https://***@h/x?***');
    assert.equal(redactUrl('https://h/x'), 'https://h/x');
  });
});
