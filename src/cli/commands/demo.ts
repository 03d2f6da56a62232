/**
 * `demo`: the whole way from notifications to a trace, with nothing but this package. A recorded boot of a server goes
 * through the bridge and over OTLP to a small backend in this process, and is shown as a tree.
 */
import type { Log } from '../../contracts.js';
import { BridgeError } from '../../errors.js';
import { ObservedSink } from '../../export/observed-sink.js';
import { createOtlpSink } from '../../export/otlp.js';
import { toTraceId } from '../../mapping/ids.js';
import { RecordingReceiver } from '../../recordings/recording.js';
import { redactUrl } from '../../settings/redact.js';
import type { Settings } from '../../settings/settings.js';
import { formatDuration } from '../../settings/units.js';
import { createSink, windowOf } from '../../sidecar/assemble.js';
import { watchReceiver } from '../../sidecar/watched-receiver.js';
import { formatCount, formatMicros, plural } from '../../trace-view/format.js';
import { PageFeed } from '../../trace-view/page/feed.js';
import type { Span } from '../../trace-view/span.js';
import { columnsOf, wantsColour } from '../../trace-view/terminal/text.js';
import { renderTrace } from '../../trace-view/terminal/trace.js';
import { linkTo } from '../../trace-view/trace-link.js';
import type { CommandContext } from '../context.js';
import { FreshTraces } from '../demo/fresh-trace.js';
import { carry } from '../demo/journey.js';
import { OtlpReceiver } from '../demo/otlp-receiver.js';
import { RECORDED_COMMAND, recordedBoot } from '../demo/recorded-boot.js';
import { servePage, wantsPage } from '../demo/serve.js';

/** How long one export to the backend in this process may take. */
const OWN_TIMEOUT_MS = 10_000;

interface Shown {
  readonly spans: readonly Span[];
  readonly notifications: number;
  /** From the recording's first byte to the last span's arrival. */
  readonly tookMs: number;
}

export async function execute(settings: Settings, context: CommandContext): Promise<number> {
  const file = recordedBoot();
  const feed = new PageFeed({ backend: 'OTLP/HTTP to this process', bounds: settings.page, isLive: false });
  const shown = await showThrough(settings, context, file, feed);
  const { stdout, env } = context;
  const page = renderTrace(
    shown.spans,
    { command: RECORDED_COMMAND, notifications: shown.notifications },
    {
      columns: columnsOf(stdout, env),
      colour: settings.color ?? wantsColour(stdout, env),
      unfoldSql: settings.demo.sql,
    },
  );
  stdout.write(`${page}\n${closingLine(shown)}\n`);
  const { kind, urlIsDefault } = settings.exporter;
  if (kind === 'otlp' && !urlIsDefault && shown.spans.length > 0)
    await sendOn(settings, context, file, shown.spans);
  if (wantsPage(settings, context)) await servePage(feed, settings, context);
  feed.stop();
  return 0;
}

/** To the backend in this process and back. */
async function showThrough(
  settings: Settings,
  { log }: CommandContext,
  file: string,
  feed: PageFeed,
): Promise<Shown> {
  const receiver = new OtlpReceiver();
  const url = await receiver.listen();
  try {
    const sink = await createOtlpSink({
      protocol: 'http/json',
      url,
      headers: {},
      timeoutMs: OWN_TIMEOUT_MS,
      compression: 'none',
      tls: {},
    });
    const begun = performance.now();
    const recorded = recording(settings, log, file);
    const { notifications } = await carry({
      settings,
      log,
      receiver: recorded,
      sink: new ObservedSink(sink, feed.observe),
      onBridge: (bridge) => feed.start({ bridge, receivers: [watchReceiver(recorded)] }),
    });
    return { spans: receiver.spans, notifications, tookMs: performance.now() - begun };
  } finally {
    await receiver.close();
  }
}

function closingLine({ tookMs }: Shown): string {
  const took = formatMicros(Math.round(tookMs * 1000));
  return `  Read, paired, mapped and sent over OTLP/HTTP to this process in ${took}.`;
}

function recording(settings: Settings, log: Log, file: string): RecordingReceiver {
  return new RecordingReceiver({ files: [file], window: windowOf(settings), log });
}

/** To the backend that the settings name, its last span ending now. @throws BridgeError NOT_ALL_TAKEN */
async function sendOn(
  settings: Settings,
  { log, stdout }: CommandContext,
  file: string,
  spans: readonly Span[],
): Promise<void> {
  const deadlineMs = settings.drainTimeoutMs;
  const { url } = settings.exporter;
  // Half the deadline for one export, so that why it failed is known before all is given up.
  const timeoutMs = Math.max(1, Math.min(settings.exporter.timeoutMs, Math.floor(deadlineMs / 2)));
  const sink = await createSink({ ...settings, exporter: { ...settings.exporter, timeoutMs } });
  const last = spans.reduce((latest, { endMicros }) => Math.max(latest, endMicros), 0);
  const shiftMicros = Date.now() * 1000 - last;
  stdout.write(`  Sending the same to ${redactUrl(url)}, as if it had happened just now.\n`);
  const receiver = new FreshTraces(recording(settings, log, file));
  const arrival = await carry({ settings, log, receiver, sink, shiftMicros, deadlineMs });
  if (!arrival.isComplete) {
    const why = arrival.reason === undefined ? '' : `: ${arrival.reason}`;
    throw new BridgeError(
      'NOT_ALL_TAKEN',
      `${redactUrl(url)} took ${formatCount(arrival.spans)} of ${plural(spans.length, 'span')} within ${formatDuration(deadlineMs)}${why}`,
      'Check OTEL_EXPORTER_OTLP_ENDPOINT and that the backend runs; unset it to see the demo alone.',
    );
  }
  const ids = receiver.baseIds.map(toTraceId);
  stdout.write(`  ${plural(arrival.spans, 'span')} taken. Look for trace ${ids.join(', ')}.\n`);
  const { uiUrl } = settings.traceId;
  if (uiUrl !== undefined) for (const id of ids) stdout.write(`  ${linkTo(uiUrl, id)}\n`);
}
