// A recording into Tempo, moved to now, with one root span for the whole of each client command.
import process from 'node:process';
import { createBridge, createOtlpSink, RecordingReceiver, traceIdOf } from 'osprofiler-otel-bridge';

const { TEMPO_OTLP = 'http://127.0.0.1:4318', TEMPO_TENANT } = process.env;
const files = [process.argv[2] ?? 'recordings/nova-server-boot.ndjson.gz'];

const end = await endOf(files);
const traces = new Set();
const bridge = createBridge({
  receiver: new RecordingReceiver({ files }),
  // Tempo drops what is old; the last span of the recording ends now.
  translate: { rootSpan: true, shiftMicros: Date.now() * 1000 - end },
  // Sees partial successes and wrong answers, which an exporter alone would hide.
  sink: await createOtlpSink({
    protocol: 'http/json',
    url: `${TEMPO_OTLP}/v1/traces`,
    headers: TEMPO_TENANT === undefined ? {} : { 'X-Scope-OrgID': TEMPO_TENANT },
    timeoutMs: 10_000,
    compression: 'gzip',
    tls: {},
  }),
  log: console,
});
bridge.on('sent', ({ spans }) => {
  for (const span of spans) traces.add(traceIdOf(span));
});
await bridge.run();
await bridge.close();
process.stdout.write(`${bridge.counts.spans} spans sent; look for ${[...traces].join(', ')}\n`);

/** When the last span of a recording ends, in microseconds. */
async function endOf(files) {
  let last = 0;
  const reading = createBridge({
    receiver: new RecordingReceiver({ files }),
    sink: (spans) => {
      for (const { endTime } of spans) last = Math.max(last, endTime[0] * 1e6 + endTime[1] / 1e3);
    },
  });
  await reading.run();
  await reading.close();
  return Math.round(last);
}
