// Spans into a file, a line of JSON each. A notification is settled when its span is on the disk, and not before.
import { open } from 'node:fs/promises';
import { argv, stdout } from 'node:process';
import { createBridge, RecordingReceiver } from 'osprofiler-otel-bridge';

const [output = 'spans.ndjson', input = 'recordings/nova-server-boot.ndjson.gz'] = argv.slice(2);
const file = await open(output, 'a');

const bridge = createBridge({
  receiver: new RecordingReceiver({ files: [input] }),
  // One batch at a time, so that they do not wait for the disk behind each other.
  batch: { maxInFlight: 1 },
  // What is thrown here, be it for a full disk, brings the same batch again after a pause.
  sink: async (spans) => {
    await file.appendFile(spans.map((span) => `${JSON.stringify(toRow(span))}\n`).join(''));
    await file.sync();
  },
});
bridge.on('sent', ({ outcome }) => {
  if (outcome.kind === 'retryable') stdout.write(`not written yet: ${outcome.reason}\n`);
});
await bridge.run();
await bridge.close();
await file.close();
stdout.write(`${bridge.counts.spans} spans in ${output}\n`);

function toRow(span) {
  const { traceId, spanId } = span.spanContext();
  return {
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId,
    service: span.resource.attributes['service.name'],
    name: span.name,
    start: span.startTime,
    duration: span.duration,
    attributes: span.attributes,
  };
}
