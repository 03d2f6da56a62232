// What is slow in a recording? Translates it without a broker or a backend, and prints its slowest spans by service.
import { argv, stdout } from 'node:process';
import { createBridge, RecordingReceiver } from 'osprofiler-otel-bridge';

const [file = 'recordings/nova-server-boot.ndjson.gz'] = argv.slice(2);
const slowest = new Map();

const bridge = createBridge({
  receiver: new RecordingReceiver({ files: [file] }),
  sink: (spans) => {
    for (const span of spans) {
      const service = String(span.resource.attributes['service.name']);
      const ms = span.duration[0] * 1e3 + span.duration[1] / 1e6;
      if (ms > (slowest.get(service)?.ms ?? -1)) slowest.set(service, { ms, name: span.name });
    }
  },
});
await bridge.run();
await bridge.close();

stdout.write(
  `${bridge.counts.received} notifications, ${bridge.counts.spans} spans; the slowest of each service:\n`,
);
for (const [service, { ms, name }] of [...slowest].sort(([, a], [, b]) => b.ms - a.ms)) {
  stdout.write(`${ms.toFixed(1).padStart(10)} ms  ${service}  ${name}\n`);
}
