// A Node program calls OpenStack and finds OpenStack's own spans below its own, in one trace.
import process from 'node:process';
import { context, defaultTextMapSetter, SpanKind, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { OsprofilerPropagator } from 'osprofiler-otel-bridge';

const {
  OPENSTACK_URL = 'http://127.0.0.1:8774/v2.1/servers',
  OS_TOKEN,
  HMAC_KEYS = 'SECRET_KEY',
  OTLP = 'http://127.0.0.1:4318',
} = process.env;

const exporter = new OTLPTraceExporter({ url: `${OTLP}/v1/traces` });
const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
const tracer = provider.getTracer('node-calls-openstack');
// For calls to OpenStack only: whoever sees these headers can have OpenStack profile.
const openstack = new OsprofilerPropagator({ hmacKeys: HMAC_KEYS.split(',') });

const work = tracer.startSpan('look after the servers');
const call = tracer.startSpan('GET', { kind: SpanKind.CLIENT }, trace.setSpan(context.active(), work));
const headers = OS_TOKEN === undefined ? {} : { 'X-Auth-Token': OS_TOKEN };
openstack.inject(trace.setSpan(context.active(), call), headers, defaultTextMapSetter);
const response = await fetch(OPENSTACK_URL, { headers });
await response.text();
call.setAttribute('http.response.status_code', response.status).end();
work.end();

await provider.shutdown();
process.stdout.write(`${response.status}; look for trace ${work.spanContext().traceId}\n`);
