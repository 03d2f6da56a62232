import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ExporterSettings } from '../../src/settings/settings.js';
import { type Given, load, refusal } from './load.js';

async function exporter(given: Given): Promise<ExporterSettings> {
  return (await load(given)).settings.exporter;
}

describe('the OTLP endpoint', () => {
  const BASE = 'OTEL_EXPORTER_OTLP_ENDPOINT';
  const TRACES = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
  const cases: [string, NodeJS.ProcessEnv, string][] = [
    ['defaults to localhost for HTTP', {}, 'http://localhost:4318/v1/traces'],
    ['defaults to another port for gRPC', { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'http://localhost:4317'],
    ['gets the path of traces', { [BASE]: 'http://c:4318' }, 'http://c:4318/v1/traces'],
    ['with a trailing slash too', { [BASE]: 'http://c:4318/' }, 'http://c:4318/v1/traces'],
    ['behind a path of its own', { [BASE]: 'https://c/otlp/' }, 'https://c/otlp/v1/traces'],
    ['keeps its query', { [BASE]: 'https://c/otlp?key=1' }, 'https://c/otlp/v1/traces?key=1'],
    ['is taken as it is when it is for traces', { [BASE]: 'http://c', [TRACES]: 'http://t/x' }, 'http://t/x'],
    ['for traces without a path stays so', { [TRACES]: 'http://t:4318' }, 'http://t:4318'],
    [
      'for gRPC gets no path',
      { [BASE]: 'http://c:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      'http://c:4317',
    ],
    ['bare for gRPC is secure', { [BASE]: 'c:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'https://c:4317'],
    [
      'bare for gRPC is plain when told so',
      { [BASE]: 'c:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_INSECURE: 'TRUE' },
      'http://c:4317',
    ],
  ];
  for (const [name, env, url] of cases) {
    test(name, async () => {
      const { url: resolved, urlIsDefault } = await exporter({ env });
      assert.equal(resolved, url);
      assert.equal(urlIsDefault, env[BASE] === undefined && env[TRACES] === undefined);
    });
  }

  test('as a flag behaves like the general variable and outranks that of traces', async () => {
    const given = { args: ['--endpoint', 'http://flag:1'], env: { [TRACES]: 'http://t/x' } };
    assert.equal((await exporter(given)).url, 'http://flag:1/v1/traces');
  });

  test('must be http or https, and whole for HTTP', async () => {
    assert.match(
      (await refusal({ env: { [BASE]: 'ftp://c' } })).message,
      /ENDPOINT 'ftp:\/\/c': expected a URL such as/,
    );
    assert.match(
      (await refusal({ env: { [BASE]: 'c:4318' } })).message,
      /'c:4318': http\/json needs a URL that begins/,
    );
    assert.match((await refusal({ args: ['--endpoint', 'http://c#x'] })).message, /without a # fragment/);
  });
});

describe('variables of the signal outrank those of all signals', () => {
  const rows: [string, string, string, (settings: ExporterSettings) => unknown, unknown][] = [
    ['PROTOCOL', 'grpc', 'http/protobuf', (settings) => settings.protocol, 'http/protobuf'],
    ['HEADERS', 'a=1', 'b=2', (settings) => settings.headers, { b: '2' }],
    ['TIMEOUT', '1', '2', (settings) => settings.timeoutMs, 2],
    ['COMPRESSION', 'none', 'gzip', (settings) => settings.compression, 'gzip'],
    ['CERTIFICATE', 'all.pem', 'traces.pem', (settings) => settings.tls.caFile, 'traces.pem'],
  ];
  for (const [name, general, signal, read, expected] of rows) {
    test(name, async () => {
      const env = { [`OTEL_EXPORTER_OTLP_${name}`]: general, [`OTEL_EXPORTER_OTLP_TRACES_${name}`]: signal };
      assert.deepEqual(read(await exporter({ env })), expected);
      const generalOnly = { ...env, [`OTEL_EXPORTER_OTLP_TRACES_${name}`]: '' };
      assert.notDeepEqual(read(await exporter({ env: generalOnly })), expected);
    });
  }
});

describe('name=value pairs', () => {
  const env = (text: string) => ({ env: { OTEL_RESOURCE_ATTRIBUTES: text } });
  const attributes = async (given: Given) => (await load(given)).settings.translate.resourceAttributes;

  test('are trimmed, percent-decoded and split at the first =', async () => {
    assert.deepEqual(await attributes(env(' a = 1 ,b=x%2Cy%3D,c=d=e,empty=,')), {
      a: '1',
      b: 'x,y=',
      c: 'd=e',
      empty: '',
    });
  });

  test('whose values in the settings file are no text are told with their place', async () => {
    const { message } = await refusal({ file: 'translate:\n  resourceAttributes:\n    version: 1.10\n' });
    assert.match(
      message,
      /^bridge\.yaml:3:14 translate\.resourceAttributes '1\.1': expected text; put it in quotes$/,
    );
  });

  test('are a map in the settings file', async () => {
    assert.deepEqual(await attributes({ file: 'translate: {resourceAttributes: {a.b: "1"}}' }), {
      'a.b': '1',
    });
  });

  test('may be called __proto__', async () => {
    assert.deepEqual(Object.entries(await attributes(env('__proto__=1'))), [['__proto__', '1']]);
  });

  for (const wrong of ['a', '=1', 'a=%zz', 'a=1,b']) {
    test(`'${wrong}' is ignored with a warning, and refused as a flag`, async () => {
      const { settings, warnings } = await load(env(wrong));
      assert.deepEqual(settings.translate.resourceAttributes, {});
      assert.match(warnings.join(), /^OTEL_RESOURCE_ATTRIBUTES .*expected name=value pairs.*is ignored$/);
      const { message } = await refusal({ args: ['--resource-attributes', wrong] });
      assert.match(message, /^--resource-attributes .*expected name=value pairs/);
    });
  }

  test('headers that would break a request are refused, unseen', async () => {
    const { message } = await refusal({ env: { OTEL_EXPORTER_OTLP_HEADERS: 'auth=hunter2%0d%0ax' } });
    assert.equal(
      message,
      "OTEL_EXPORTER_OTLP_HEADERS '***': the value of auth has characters that are not allowed in a header",
    );
    assert.match((await refusal({ args: ['--headers', 'a b=1'] })).message, /'\*\*\*': .*not a header name/);
  });
});

describe('samplers', () => {
  const rows: [string, string, number][] = [
    ['always_on', '0.5', 1],
    ['always_off', '', 0],
    ['traceidratio', '0.25', 0.25],
    ['traceidratio', '', 1],
    ['parentbased_always_on', '', 1],
    ['parentbased_always_off', '', 0],
    ['parentbased_traceidratio', '.5', 0.5],
  ];
  for (const [sampler, arg, ratio] of rows) {
    test(`${sampler} ${arg} keeps ${ratio}`, async () => {
      const env = { OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: arg };
      assert.equal((await load({ env })).settings.translate.sampleRatio, ratio);
    });
  }

  test('others are ignored with a warning', async () => {
    const { settings, warnings } = await load({ env: { OTEL_TRACES_SAMPLER: 'jaeger_remote' } });
    assert.equal(settings.translate.sampleRatio, 1);
    assert.match(warnings.join(), /^OTEL_TRACES_SAMPLER 'jaeger_remote': expected always_on, .*is ignored$/);
  });
});

describe("OpenTelemetry's rules for values", () => {
  test('names are read in any case', async () => {
    const env = {
      OTEL_TRACES_EXPORTER: 'CONSOLE',
      OTEL_METRICS_EXPORTER: 'Prometheus,OTLP',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'HTTP/Protobuf',
      OTEL_TRACES_SAMPLER: 'Always_Off',
      OTEL_LOG_LEVEL: 'DEBUG',
    };
    const { settings, warnings } = await load({ env });
    assert.deepEqual(
      [
        settings.exporter.kind,
        settings.exporter.protocol,
        settings.translate.sampleRatio,
        settings.log.level,
      ],
      ['console', 'http/protobuf', 0, 'debug'],
    );
    assert.deepEqual([settings.metrics.prometheus, settings.metrics.otlp], [true, true]);
    assert.deepEqual(warnings, []);
  });

  test('wrong numbers, durations and names are ignored with one warning each', async () => {
    const env = {
      OTEL_BSP_SCHEDULE_DELAY: '-1',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: 'many',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http',
      OTEL_TRACES_SAMPLER_ARG: '1.5',
    };
    const { settings, warnings } = await load({ env });
    assert.deepEqual(settings.exporter.batch, (await load({})).settings.exporter.batch);
    assert.equal(settings.exporter.protocol, 'http/json');
    assert.equal(warnings.length, 5, 'the protocol is one of two values for spans, of others for metrics');
    for (const name of Object.keys(env))
      assert.ok(warnings.some((warning) => warning.startsWith(`${name} '`)));
  });

  test('the general variable counts when that of the signal is wrong', async () => {
    const env = { OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'udp', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
    assert.equal((await exporter({ env })).protocol, 'grpc');
  });

  test('a boolean is true for true alone', async () => {
    const insecure = async (text: string) => {
      const { settings, warnings } = await load({ env: { OTEL_EXPORTER_OTLP_INSECURE: text } });
      return [settings.exporter.insecure, warnings.length];
    };
    assert.deepEqual(await insecure('True'), [true, 0]);
    assert.deepEqual(await insecure('false'), [false, 0]);
    for (const text of ['1', 'yes', 'on']) assert.deepEqual(await insecure(text), [false, 1]);
  });

  test('a wrong endpoint or header is an error: the default would send data elsewhere', async () => {
    for (const env of [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'x' }, { OTEL_EXPORTER_OTLP_HEADERS: 'x' }])
      assert.equal((await refusal({ env })).code, 'CONFIG_INVALID');
  });

  test('warnings are for the commands that have the setting', async () => {
    const env = { OTEL_TRACES_SAMPLER: 'x', OTEL_SDK_DISABLED: 'true' };
    assert.equal((await load({ env })).warnings.length, 2);
    assert.deepEqual((await load({ env, args: ['record'] })).warnings, []);
  });
});

test('variables that have no effect here are named, with what to do', async () => {
  const env = {
    OTEL_SDK_DISABLED: 'true',
    OTEL_BSP_MAX_QUEUE_SIZE: '1',
    OTEL_BSP_EXPORT_TIMEOUT: '1',
    OTEL_EXPORTER_PROMETHEUS_PORT: '9464',
    OTEL_PROPAGATORS: 'b3',
  };
  const { warnings } = await load({ env });
  assert.deepEqual(
    warnings.map((warning) => warning.split(':')[0]),
    Object.keys(env)
      .filter((name) => name !== 'OTEL_PROPAGATORS')
      .map((name) => `${name} has no effect`),
  );
});

describe('the name of the bridge', () => {
  const read = async (given: Given) => {
    const { settings, warnings } = await load(given);
    return {
      spans: settings.translate.resourceAttributes,
      metrics: settings.metrics.resourceAttributes,
      warnings: warnings.length,
    };
  };

  test('in OTEL_RESOURCE_ATTRIBUTES is for its metrics, and not for the services of OpenStack', async () => {
    const injected = { OTEL_RESOURCE_ATTRIBUTES: 'service.name=bridge,region=eu' };
    assert.deepEqual(await read({ env: injected }), {
      spans: { region: 'eu' },
      metrics: { 'service.name': 'bridge', region: 'eu' },
      warnings: 1,
    });
    const named = await read({ env: { ...injected, OTEL_SERVICE_NAME: 'other' } });
    assert.equal(named.metrics['service.name'], 'other');
  });

  test('given on purpose is for spans too', async () => {
    const { spans, warnings } = await read({ args: ['--resource-attributes', 'service.name=mine'] });
    assert.deepEqual([spans, warnings], [{ 'service.name': 'mine' }, 0]);
  });
});

test('limits and batches have their OpenTelemetry names, and OTEL_SERVICE_NAME is not applied', async () => {
  const { settings } = await load({
    env: {
      OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '100',
      OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '20',
      OTEL_ATTRIBUTE_COUNT_LIMIT: '10',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '64',
      OTEL_BSP_SCHEDULE_DELAY: '5000',
      OTEL_TRACES_EXPORTER: 'console',
      OTEL_SERVICE_NAME: 'bridge',
    },
  });
  assert.equal(settings.translate.attributeValueLengthLimit, 100);
  assert.equal(settings.translate.attributeCountLimit, 20);
  assert.equal(settings.exporter.batch.maxSize, 64);
  assert.equal(settings.exporter.batch.delayMs, 5000);
  assert.equal(settings.exporter.kind, 'console');
  assert.equal(settings.translate.serviceName, '');
});
