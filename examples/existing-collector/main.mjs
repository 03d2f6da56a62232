// A process that collects telemetry already, with an OpenTelemetry set-up and an amqplib connection of its own, takes the
// bridge in: the spans of OpenStack leave by the exporter that it has, and its metrics count them.
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { connect } from 'amqplib';
import { ChannelReceiver, createBridge, windowFor } from 'osprofiler-otel-bridge';

const { AMQP_URL = 'amqp://127.0.0.1:5672', OTLP = 'http://127.0.0.1:4318' } = process.env;

// What the process has: one exporter for its own spans ...
const exporter = new OTLPTraceExporter({ url: `${OTLP}/v1/traces` });
const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
trace.setGlobalTracerProvider(provider);
const tracer = trace.getTracer('collector');
// ... and one connection to the broker, on which it does other work, too, and which reconnects.
const connection = await connect(AMQP_URL, { recovery: true });
connection.on('error', ({ message }) => console.error(message));

async function openChannel(_lost, signal) {
  for (;;) {
    try {
      return await connection.createChannel();
    } catch {
      await sleep(1_000, undefined, { signal });
    }
  }
}

// What it takes in. Nothing of the above belongs to the bridge: it shuts down neither exporter nor channel.
const translate = { pairTimeoutMs: 600_000 };
const bridge = createBridge({
  receiver: new ChannelReceiver({
    channel: openChannel,
    queue: 'profiler.info',
    prefetch: windowFor(translate),
  }),
  exporter,
  shutdown: false,
  translate,
  log: console,
});
bridge.on('rejected', ({ reason, detail }) => {
  tracer.startSpan('rejected notification', { attributes: { reason, detail } }).end();
});

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => bridge.close());
process.stdout.write('collecting\n');
await bridge.run();
await bridge.close();
await provider.shutdown();
await connection.close();
