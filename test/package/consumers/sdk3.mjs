// A bridge with an exporter of SDK 3.x, between a recording and an OTLP backend.
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';
import { createBridge, RecordingReceiver } from 'osprofiler-otel-bridge';

const [recording, url, how] = process.argv.slice(2);
const exporter = new OTLPTraceExporter({ url });
const destination = how === 'exporter' ? { exporter } : { processor: new BatchSpanProcessor({ exporter }) };
const bridge = createBridge({ receiver: new RecordingReceiver({ files: [recording] }), ...destination });
await bridge.run();
await bridge.close();
console.log(JSON.stringify({ spans: bridge.counts.spans, unacknowledged: bridge.unacknowledged }));
