import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatSettings } from '../../src/settings/config-print.js';
import { type Given, load, refusal } from './load.js';

const print = async (given: Given) => formatSettings(await load(given), 'run');

describe('--print-config', () => {
  test('says where each value came from', async () => {
    const text = await print({
      args: ['--mode', 'tap'],
      env: { OTEL_TRACES_SAMPLER: 'always_off' },
      file: 'broker:\n  queue: "7"\n',
    });
    assert.match(text, /^ {2}mode: tap # --mode$/m);
    assert.match(text, /^ {2}sampler: always_off # OTEL_TRACES_SAMPLER$/m);
    assert.match(text, /^ {2}queue: "7" # .*bridge\.yaml:2:10$/m);
    assert.match(text, /^ {2}pairTimeout: 1h # default$/m);
    assert.match(text, /^ {2}prefetch: # not set: /m);
    assert.match(text, /^# Spans go to http:\/\/localhost:4318\/v1\/traces, the default$/m);
  });

  test('is a settings file that means the same', async () => {
    const args = [
      ...[
        '--transport-url',
        'rabbit://h1/',
        '--exchanges',
        'a,b',
        '--prefetch',
        '7',
        '--pair-timeout',
        '90s',
      ],
      ...['--resource-attributes', 'a=x%2C# y,true=1', '--service-name', '{project}: "#"', '--mask', 'off'],
      ...['--endpoint', 'http://c:1', '--sampler', 'traceidratio', '--sampler-arg', '0.5', '--results'],
    ];
    const first = await load({ args });
    const second = await load({ file: formatSettings(first, 'run') });
    assert.deepEqual(second.settings, first.settings);
  });

  test('lists only the settings of its command', async () => {
    const loaded = await load({ args: ['record'] });
    const text = formatSettings(loaded, 'record');
    assert.match(text, /^record:\n {2}output: "?-"? # default$/m);
    assert.doesNotMatch(text, /^exporter:|Spans go/m);
  });
});

describe('secrets are never told', () => {
  const OPTIONS = { seed: 11, numRuns: 30 };
  /** Begins and ends with what occurs nowhere else, random names of folders included, so that a part is found too. */
  const secret = fc
    .array(fc.constantFrom(...'aB3:/?#@%&=,; "\'<>\\[]é\n'), { maxLength: 12 })
    .map((middle) => `zq.${middle.join('')}.qz`);

  /** Whatever becomes of the settings, taken or refused: all that is shown of them. */
  async function shown(given: Given): Promise<string> {
    try {
      const loaded = await load(given);
      return formatSettings(loaded, 'run') + loaded.warnings.join();
    } catch {
      return (await refusal(given)).message;
    }
  }

  async function assertHidden(given: Given): Promise<void> {
    const text = await shown(given);
    assert.doesNotMatch(text, /zq\.|\.qz/i, JSON.stringify(given));
  }

  const ways = (flag: string, variable: string, key: string, value: string): Given[] => [
    { args: [`${flag}=${value}`] },
    { args: [`${flag}=${value}`, '--mode', 'x'] },
    { env: { [variable]: value } },
    { env: { [`${variable}X`]: value } },
    {
      file: JSON.stringify({
        exporter: {},
        broker: {},
        [key.split('.')[0]!]: { [key.split('.')[1]!]: value },
      }),
    },
  ];

  for (const [form, encode] of [
    ['encoded', encodeURIComponent],
    ['raw', (text: string) => text],
  ] as const) {
    test(`a password in a transport URL, ${form}`, async () => {
      await fc.assert(
        fc.asyncProperty(secret, fc.constantFrom('rabbit', 'http'), async (password, scheme) => {
          const url = `${scheme}://nova:${encode(password)}@h1:5672,h2/v`;
          const all = ways('--transport-url', 'OSPROFILER_BRIDGE_TRANSPORT_URL', 'broker.transportUrls', url);
          for (const given of all) await assertHidden(given);
          await assertHidden({ file: JSON.stringify({ broker: { transportUrls: ['rabbit://h', url] } }) });
        }),
        OPTIONS,
      );
    });

    test(`a password in an endpoint, ${form}`, async () => {
      await fc.assert(
        fc.asyncProperty(secret, fc.constantFrom('https', 'ftp'), async (password, scheme) => {
          const url = `${scheme}://me:${encode(password)}@c:4318/x?key=${encode(password)}`;
          const all = ways('--endpoint', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'exporter.endpoint', url);
          for (const given of all) await assertHidden(given);
        }),
        OPTIONS,
      );
    });
  }

  test('the value of a header', async () => {
    await fc.assert(
      fc.asyncProperty(secret, async (value) => {
        const pairs = `authorization=Bearer ${encodeURIComponent(value)}`;
        const all = ways('--headers', 'OTEL_EXPORTER_OTLP_HEADERS', 'exporter.headers', pairs);
        for (const given of all) await assertHidden(given);
        await assertHidden({
          file: JSON.stringify({ exporter: { headers: { authorization: value, n: 5 } } }),
        });
        await assertHidden({ file: JSON.stringify({ exporter: { headers: { authorization: value } } }) });
      }),
      OPTIONS,
    );
  });

  test('a transport URL where none belongs', async () => {
    const url = 'rabbit://nova:zq.qz@h/';
    for (const args of [
      ['--mode', url],
      [url],
      ['--queue', url, '--prefetch', url],
      [`--transport-ulr=${url}`],
    ]) {
      const { message } = await refusal({ args });
      assert.doesNotMatch(message, /zq\./);
    }
  });
});
