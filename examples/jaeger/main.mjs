// OpenStack's traces from RabbitMQ into Jaeger, by a program of your own. Ctrl-C ends it.
import process from 'node:process';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { createBridge, parseTransportUrl, RabbitReceiver, windowFor } from 'osprofiler-otel-bridge';

const {
  TRANSPORT_URL = 'rabbit://guest:guest@127.0.0.1:5672/',
  JAEGER_OTLP = 'http://127.0.0.1:4318',
  JAEGER_UI = 'http://127.0.0.1:16686',
} = process.env;
const broker = parseTransportUrl(TRANSPORT_URL);
if (!broker.ok) throw new Error(broker.problem);

const bridge = createBridge({
  receiver: new RabbitReceiver({
    address: broker.address,
    source: { mode: 'drain' },
    prefetch: windowFor(),
    log: console,
  }),
  exporter: new OTLPTraceExporter({ url: `${JAEGER_OTLP}/v1/traces` }),
  log: console,
});
const seen = new Set();
bridge.on('sent', ({ spans, outcome }) => {
  if (outcome.kind !== 'accepted') return;
  for (const span of spans) {
    const { traceId } = span.spanContext();
    if (!seen.has(traceId)) process.stdout.write(`${JAEGER_UI}/trace/${traceId}\n`);
    seen.add(traceId);
  }
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => bridge.close());
await bridge.run();
await bridge.close();
