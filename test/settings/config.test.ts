import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { load, refusal } from './load.js';

describe('precedence', () => {
  const file = 'broker: {mode: tap, queue: from-file, tapQueue: from-file}\n';
  const env = { OSPROFILER_BRIDGE_MODE: 'drain', OSPROFILER_BRIDGE_QUEUE: 'from-env' };

  test('flags outrank variables, these the file, this the defaults', async () => {
    const { settings, originOf } = await load({ args: ['--queue', 'from-flag'], env, file });
    assert.equal(settings.broker.queue, 'from-flag');
    assert.equal(settings.broker.mode, 'drain');
    assert.equal(settings.broker.tapQueue, 'from-file');
    assert.deepEqual(settings.broker.routingKeys, ['profiler.info']);
    assert.deepEqual(['broker.queue', 'broker.mode', 'broker.routingKeys'].map(originOf), [
      { layer: 'flag', name: '--queue' },
      { layer: 'environment', name: 'OSPROFILER_BRIDGE_MODE' },
      { layer: 'default', name: 'default' },
    ]);
    assert.equal(originOf('broker.tapQueue').layer, 'file');
    assert.match(originOf('broker.tapQueue').name, /bridge\.yaml:1:49$/);
  });

  test('an empty variable and a key without a value count as unset', async () => {
    const { settings } = await load({
      env: { OSPROFILER_BRIDGE_MODE: '' },
      file: 'broker:\n  mode:\n  queue: q\n',
    });
    assert.equal(settings.broker.mode, 'drain');
    assert.equal(settings.broker.queue, 'q');
  });

  test('an empty file, and an empty group of it, set nothing', async () => {
    assert.equal((await load({ file: '' })).settings.broker.mode, 'drain');
    assert.equal((await load({ file: 'broker:\n' })).settings.broker.mode, 'drain');
  });

  test('a --no- flag turns off what the file turned on', async () => {
    const given = { file: 'translate: {sqlParameters: yes, results: true}\n' };
    const { settings } = await load({ ...given, args: ['--no-sql-parameters'] });
    assert.equal(settings.translate.sqlParameters, false);
    assert.equal(settings.translate.results, true);
  });

  test('a wrong value that is outranked does no harm', async () => {
    const { settings } = await load({ args: ['--mode', 'tap'], env: { OSPROFILER_BRIDGE_MODE: 'x' } });
    assert.equal(settings.broker.mode, 'tap');
  });
});

describe('defaults', () => {
  test('are those that are documented', async () => {
    const { settings } = await load({});
    assert.deepEqual(settings.broker.transportUrls, ['rabbit://guest:guest@127.0.0.1:5672/']);
    assert.equal(settings.broker.exchanges.length, 23);
    assert.equal('prefetch' in settings.broker, false);
    assert.equal(settings.wire.maxMessageBytes, 4_194_304);
    assert.equal(settings.translate.pairTimeoutMs, 3_600_000);
    assert.equal(settings.translate.sampleRatio, 1);
    assert.deepEqual(settings.exporter.batch, {
      maxSize: 512,
      delayMs: 200,
      maxInFlight: 4,
      maxBytes: 4_194_304,
    });
    assert.deepEqual(settings.exporter.tls, {});
    assert.deepEqual(settings.record, { output: '-' });
    assert.deepEqual(settings.replay, { shift: false });
    assert.deepEqual(settings.operands, []);
    assert.equal(settings.drainTimeoutMs, 10_000);
  });

  test('the default broker gives way to a file of URLs and to services’ own files', async () => {
    const fromFile = (await load({ args: ['--transport-url-file', 'urls'] })).settings.broker;
    assert.deepEqual([fromFile.transportUrls, fromFile.transportUrlFile], [[], 'urls']);
    const fromOslo = (await load({ args: ['--oslo-config-file', 'a', '--oslo-config-file', 'b'] })).settings
      .broker;
    assert.deepEqual([fromOslo.transportUrls, fromOslo.osloConfigFiles], [[], ['a', 'b']]);
    const env = { OS_DEFAULT__TRANSPORT_URL: 'rabbit://h', OS_PASSWORD: 'x' };
    const fromDir = (await load({ args: ['--oslo-config-dir', 'c'], env })).settings.broker;
    assert.deepEqual(fromDir.transportUrls, []);
    assert.deepEqual(fromDir.osloEnvironment, { OS_DEFAULT__TRANSPORT_URL: 'rabbit://h' });
  });

  test('a URL by flag outranks a file of URLs by variable, and the other way round', async () => {
    const env = { OSPROFILER_BRIDGE_TRANSPORT_URL_FILE: 'urls' };
    const byFlag = (await load({ args: ['--transport-url', 'rabbit://h/'], env })).settings.broker;
    assert.deepEqual(byFlag.transportUrls, ['rabbit://h/']);
    assert.equal('transportUrlFile' in byFlag, false);
    const args = ['--transport-url-file', 'urls'];
    const byVariable = await load({ args, env: { OSPROFILER_BRIDGE_TRANSPORT_URL: 'rabbit://h/' } });
    assert.deepEqual(byVariable.settings.broker.transportUrls, []);
  });
});

describe('forms of values', () => {
  test('several transport URLs: repeated flags, white space in the variable, a list in the file', async () => {
    const urls = ['rabbit://a:b@h1:5672,a:b@h2:5672/v', 'rabbit://h3/'];
    const forms = [
      { args: ['--transport-url', urls[0]!, '--transport-url', urls[1]!] },
      { env: { OSPROFILER_BRIDGE_TRANSPORT_URL: ` ${urls.join('\n ')}\n` } },
      { file: `broker: {transportUrls: ${JSON.stringify(urls)}}` },
    ];
    for (const form of forms) assert.deepEqual((await load(form)).settings.broker.transportUrls, urls);
  });

  test('lists: repeated flags and commas alike', async () => {
    const args = ['--exchanges', 'nova, neutron', '--exchanges', 'cinder,'];
    assert.deepEqual((await load({ args })).settings.broker.exchanges, ['nova', 'neutron', 'cinder']);
  });

  test('numbers, durations and sizes by their natural YAML', async () => {
    const file =
      'broker: {prefetch: 100}\ntranslate: {pairTimeout: 2h, maxOpenBytes: 1048576}\nexporter: {timeout: 500}';
    const { settings } = await load({ file });
    assert.equal(settings.broker.prefetch, 100);
    assert.equal(settings.translate.pairTimeoutMs, 7_200_000);
    assert.equal(settings.translate.maxOpenBytes, 1_048_576);
    assert.equal(settings.exporter.timeoutMs, 500);
  });

  test('aliases in the file are followed', async () => {
    const { settings } = await load({ file: 'broker: {queue: &q one, tapQueue: *q}' });
    assert.equal(settings.broker.tapQueue, 'one');
  });
});

describe('--verbose and --quiet', () => {
  const level = async (...args: string[]) => (await load({ args, env: {} })).settings.log.level;

  test('are short for a level, which a level in a higher layer outranks', async () => {
    assert.equal(await level('--verbose'), 'debug');
    assert.equal(await level('--quiet'), 'error');
    const env = { OSPROFILER_BRIDGE_QUIET: 'true' };
    assert.equal((await load({ env })).settings.log.level, 'error');
    assert.equal((await load({ env, args: ['--log-level', 'warn'] })).settings.log.level, 'warn');
  });

  test('exclude each other', async () => {
    const { message } = await refusal({ args: ['--quiet', '--verbose'] });
    assert.equal(message, '--quiet: cannot be used together with --verbose');
  });
});

describe('what is wrong', () => {
  test('is told all at once, each by the name it was given', async () => {
    const { code, message, exitStatus } = await refusal({
      args: ['--mode', 'tapp', '--prefetch', '70000', '--qeue', 'x'],
      env: { OSPROFILER_BRIDGE_PAIR_TIMEOUT: '5', OSPROFILER_BRIDGE_KEEP_RATIO: '1.5' },
      file: 'broker:\n  tapQueue: 7\n  modus: tap\n  exchanges: [nova, 8]\nmode: tap\nlog: 5\n',
    });
    assert.equal(code, 'CONFIG_INVALID');
    assert.equal(exitStatus, 2);
    assert.deepEqual(message.split('\n'), [
      '10 things are wrong:',
      '  --qeue: run has no such flag; did you mean --queue?',
      '  bridge.yaml:3:3 broker.modus: there is no such setting; did you mean broker.mode?',
      '  bridge.yaml:5:1 mode: there is no such setting; did you mean broker.mode?',
      '  bridge.yaml:6:1 log: expected a map under log',
      "  --mode 'tapp': expected drain or tap",
      "  bridge.yaml:2:13 broker.tapQueue '7': expected the name of a queue",
      "  bridge.yaml:4:21 broker.exchanges '8': expected names of exchanges, separated by commas",
      "  --prefetch '70000': expected a whole number from 1 to 65535",
      "  OSPROFILER_BRIDGE_PAIR_TIMEOUT '5': expected a duration from 1ms to 24d, such as 250ms, 30s, 5m or 1h",
      "  OSPROFILER_BRIDGE_KEEP_RATIO '1.5': expected a number from 0 to 1",
    ]);
  });

  test('a flag without its value is told beside the others', async () => {
    const { message } = await refusal({ args: ['record', '--limit', '0', '--output'] });
    assert.match(message, /--limit '0': expected a whole number of at least 1$/m);
    assert.match(message, /--output: needs a value: --output <file>$/m);
  });

  test('a flag of another command, a switch with a value, a stray argument', async () => {
    const { message } = await refusal({ args: ['run', '--shift', '--results=yes'] });
    assert.match(message, /--shift: run has no such flag; it is a setting of replay\n/);
    assert.match(message, /--results: is a switch and takes no value/);
    assert.match(
      (await refusal({ args: ['--mode', 'tap', 'record'] })).message,
      /'record': the command comes first/,
    );
    assert.match(
      (await refusal({ args: ['reply'] })).message,
      /'reply': there is no such command; did you mean replay\?/,
    );
  });

  test('a transport URL is told with what is wrong in it, and which of several it is', async () => {
    const { message } = await refusal({
      args: ['--transport-url', 'rabbit://h', '--transport-url', 'http://u:pw@h'],
    });
    assert.match(
      message,
      /^--transport-url '[^']*': URL 2 of 2: the transport URL begins with none of rabbit:/,
    );
    assert.doesNotMatch(message, /pw/);
  });

  test('two ways to say where the broker is, in the same place', async () => {
    const { message } = await refusal({
      args: ['--transport-url', 'rabbit://h', '--transport-url-file', 'f'],
    });
    assert.equal(message, '--transport-url-file: cannot be used together with --transport-url');
  });

  test('a client certificate without its key', async () => {
    const { message } = await refusal({ env: { OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: 'c.pem' } });
    assert.match(message, /^OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: .*--client-key-file is missing/);
  });

  test('a settings file that is not there or is no YAML, with its place and without its text', async () => {
    const missing = await refusal({ args: ['--config', '/nowhere/bridge.yaml', '--mode', 'x'] });
    assert.equal(missing.code, 'CONFIG_UNREADABLE');
    assert.match(
      missing.message,
      /bridge\.yaml: the settings file cannot be read \(ENOENT: no such file or directory\)/,
    );
    assert.match(missing.message, /--mode 'x'/);
    const broken = await refusal({ file: 'broker:\n  mode: "tap\n  secret: hunter2\n' });
    assert.equal(broken.code, 'CONFIG_UNREADABLE');
    assert.match(broken.message, /bridge\.yaml:\d+:\d+: not valid YAML: /);
    assert.doesNotMatch(broken.message, /hunter2/);
    assert.match(
      (await refusal({ file: '- 1\n' })).message,
      /bridge\.yaml:1:1: the settings file holds a map/,
    );
    assert.match(
      (await refusal({ file: 'log: {level: info}\nlog: {}\n' })).message,
      /bridge\.yaml:2:1: not valid YAML/,
    );
  });
});

describe('unknown variables', () => {
  test('are warned of with the nearest name and without their value', async () => {
    const env = { OSPROFILER_BRIDGE_TRANSPORT_URLS: 'rabbit://u:hunter2@h/', OSPROFILER_BRIDGE_XYZZY: '1' };
    const { warnings } = await load({ env });
    assert.deepEqual(warnings, [
      'OSPROFILER_BRIDGE_TRANSPORT_URLS: there is no such setting; did you mean OSPROFILER_BRIDGE_TRANSPORT_URL?',
      'OSPROFILER_BRIDGE_XYZZY: there is no such setting',
    ]);
  });

  test('those that Kubernetes makes of a Service are none of ours', async () => {
    const env = {
      OSPROFILER_BRIDGE_SERVICE_HOST: '10.0.0.1',
      OSPROFILER_BRIDGE_SERVICE_PORT_METRICS: '9464',
      OSPROFILER_BRIDGE_PORT: 'tcp://10.0.0.1:9464',
      OSPROFILER_BRIDGE_PORT_9464_TCP_ADDR: '10.0.0.1',
    };
    assert.deepEqual((await load({ env })).warnings, []);
  });
});
