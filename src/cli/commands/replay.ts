/** `replay`: recorded notifications to the exporter. */
import { Bridge } from '../../bridge.js';
import { decode } from '../../codec/envelope.js';
import type { Delivery, Log } from '../../contracts.js';
import { BridgeError } from '../../errors.js';
import type { Sent } from '../../export/observed-sink.js';
import { RecordingReceiver } from '../../recordings/recording.js';
import type { Settings } from '../../settings/settings.js';
import { bridgeOptions, createSink, windowOf } from '../../sidecar/assemble.js';
import { Operations } from '../../sidecar/operations.js';
import { CommandPage } from '../../trace-view/page/command-page.js';
import type { CommandContext } from '../context.js';
import { ProgressBar } from '../progress.js';
import { ReplayedTraces } from '../replayed-traces.js';
import { formatSummary, isAllTaken, summarize } from '../summary.js';

export async function execute(settings: Settings, context: CommandContext): Promise<number> {
  const { log } = context;
  const shiftMicros = settings.replay.shift ? await shiftToNow(settings, log) : 0;
  const progress = new ProgressBar(
    context.stderr,
    settings.replay.progress ?? (context.stderr.isTTY === true && !settings.log.quiet),
  );
  const receiver = recording(settings, context, (bytes, total) => progress.update(bytes, total));
  const operations = await Operations.create(settings, log);
  const { listen = 'none', replay } = settings;
  const page = listen === 'none' ? undefined : new CommandPage(settings, replay.shift);
  const traces = new ReplayedTraces(settings.traceId.uiUrl);
  const observe = (sent: Sent) => {
    traces.observe(sent);
    page?.observe(sent);
  };
  const sink = operations.watchSink(await createSink(settings, operations.meterProvider), observe);
  const bridge = new Bridge({
    ...bridgeOptions(settings, log, sink, { shiftMicros }),
    receivers: [receiver],
    // A recording stays where it is: a wrong set-up ends the command, and loses nothing.
    retry: { trustsRefusals: true },
  });
  operations.watchBridge({ bridge, receivers: [receiver] });
  if (listen !== 'none') await operations.listen({ listen, page: page?.mount });
  const stopped = new Promise<'stopped'>((resolve) => context.onStopSignal(() => resolve('stopped')));
  const wasStopped = (await Promise.race([stopped, replayAll(bridge)])) === 'stopped';
  operations.announceStop();
  if (wasStopped) await bridge.drain(settings.drainTimeoutMs);
  progress.end();
  await bridge.close();
  page?.stop();
  await operations.close();
  const isComplete = !wasStopped && isAllTaken(bridge);
  const summary = summarize(bridge);
  context.stdout.write(
    settings.json
      ? `${JSON.stringify({ isComplete, ...summary, ...traces.toJSON() }, undefined, 2)}\n`
      : formatSummary(summary) + traces.toString(),
  );
  if (isComplete) return 0;
  throw new BridgeError(
    'NOT_ALL_TAKEN',
    wasStopped ? 'stopped before the end of the recording' : 'the backend has not accepted everything',
    'The summary above says how much and why.',
  );
}

async function replayAll(bridge: Bridge): Promise<void> {
  await bridge.run();
  await bridge.finish();
}

function recording(
  settings: Settings,
  { log, stdin }: Pick<CommandContext, 'log' | 'stdin'>,
  onProgress: (bytesRead: number, totalBytes: number | undefined) => void,
): RecordingReceiver {
  const {
    operands: files,
    replay: { speed },
  } = settings;
  return new RecordingReceiver({
    files,
    stdin,
    window: windowOf(settings),
    ...(speed === undefined ? {} : { speed }),
    log,
    onProgress,
  });
}

/**
 * How far the recording is moved, in microseconds. At its own pace it begins now; all at once it ends now, so that no
 * span lies in the future, for which its last time has to be found first. Standard input cannot be read twice.
 */
async function shiftToNow(settings: Settings, log: Log): Promise<number> {
  const {
    operands: files,
    replay: { speed },
  } = settings;
  if (files.includes('-')) {
    throw new BridgeError(
      'CONFIG_INVALID',
      '--shift needs to read the recording twice, which standard input cannot',
      'Give the recording as a file.',
    );
  }
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  const receiver = new RecordingReceiver({ files, window: 1_000, log });
  await receiver.run({
    onDelivery(delivery: Delivery): void {
      const decoded = decode(delivery.body, delivery.properties, settings.wire.maxMessageBytes);
      if (decoded.kind === 'event') {
        first = Math.min(first, decoded.event.timestamp);
        last = Math.max(last, decoded.event.timestamp);
      }
      delivery.acknowledge();
    },
    onRequeued(): void {},
    onOriginLost(): void {},
  });
  await receiver.close();
  const anchor = speed === undefined ? last : first;
  return Number.isFinite(anchor) ? Date.now() * 1000 - anchor : 0;
}
