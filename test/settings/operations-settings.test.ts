import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { load, refusal } from './load.js';

const metrics = async (env: NodeJS.ProcessEnv, args: readonly string[] = []) =>
  (await load({ args: ['run', ...args], env })).settings.metrics;

describe('where metrics go', () => {
  it('is Prometheus by default, and what OTEL_METRICS_EXPORTER names otherwise', async () => {
    const named = async (OTEL_METRICS_EXPORTER: string) => {
      const { prometheus, otlp } = await metrics({ OTEL_METRICS_EXPORTER });
      return { prometheus, otlp };
    };
    assert.deepEqual(await named(''), { prometheus: true, otlp: false });
    assert.deepEqual(await named('otlp'), { prometheus: false, otlp: true });
    assert.deepEqual(await named('prometheus, otlp'), { prometheus: true, otlp: true });
    assert.deepEqual(await named('none'), { prometheus: false, otlp: false });
    const wrong = await load({ args: ['run'], env: { OTEL_METRICS_EXPORTER: 'console' } });
    assert.equal(wrong.settings.metrics.prometheus, true);
    assert.match(wrong.warnings.join(), /^OTEL_METRICS_EXPORTER 'console': expected prometheus, /);
  });

  it('is the endpoint for all signals with /v1/metrics, or its own as it is', async () => {
    const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://collector:4318/base/';
    assert.equal((await metrics({})).url, 'http://localhost:4318/v1/metrics');
    assert.equal(
      (await metrics({ OTEL_EXPORTER_OTLP_ENDPOINT })).url,
      'http://collector:4318/base/v1/metrics',
    );
    const own = { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://m:1/x' };
    assert.equal((await metrics(own)).url, 'http://m:1/x');
    assert.equal((await metrics(own, ['--endpoint', 'http://f:1'])).url, 'http://f:1/v1/metrics');
  });

  it('has protocol, headers, timeout and interval of its own, or those of all signals', async () => {
    const general = {
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_HEADERS: 'a=1',
      OTEL_EXPORTER_OTLP_TIMEOUT: '5000',
      OTEL_METRIC_EXPORT_INTERVAL: '15000',
    };
    const { protocol, headers, timeoutMs, intervalMs } = await metrics(general);
    assert.deepEqual([protocol, headers, timeoutMs, intervalMs], ['http/json', { a: '1' }, 5000, 15_000]);
    const own = await metrics({
      ...general,
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'b=2',
      OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: '20000',
    });
    assert.deepEqual([own.protocol, own.headers], ['http/protobuf', { b: '2' }]);
    assert.equal(own.timeoutMs, 15_000, 'a push ends before the next one');
    const metric = await metrics({ ...general, OTEL_METRIC_EXPORT_TIMEOUT: '7000' });
    assert.equal(metric.timeoutMs, 7000);
  });

  it('is not gRPC, which is said when they are to be pushed, and only then', async () => {
    const env = { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' };
    assert.equal((await metrics(env)).prometheus, true);
    const { code, message } = await refusal({
      args: ['run'],
      env: { ...env, OTEL_METRICS_EXPORTER: 'otlp' },
    });
    assert.equal(code, 'CONFIG_INVALID');
    assert.match(message, /OTEL_EXPORTER_OTLP_PROTOCOL 'grpc': metrics are pushed over HTTP only/);
  });
});

describe('where the server listens', () => {
  const listen = async (text: string) => (await load({ args: ['run', '--listen', text] })).settings.listen;

  it('is an address, nowhere, or left to the command', async () => {
    assert.deepEqual(await listen('[::1]:80'), { host: '::1', port: 80 });
    assert.equal(await listen('none'), 'none');
    assert.equal((await load({ args: ['run'] })).settings.listen, undefined);
  });

  it('has to be an address', async () => {
    const { message } = await refusal({ args: ['run', '--listen', '13133'] });
    assert.match(message, /--listen '13133': expected host:port/);
  });
});
