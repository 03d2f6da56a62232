/** Settings → the parts of the house: where each part gets its options from, and nothing else. */
import type { MeterProvider } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { ConsoleSpanExporter } from '@opentelemetry/sdk-trace-base';
import type { BridgeOptions } from '../bridge.js';
import type { Log, Outcome, Sink } from '../contracts.js';
import { BridgeError } from '../errors.js';
import { ExporterSink } from '../export/exporter-sink.js';
import { createOtlpSink } from '../export/otlp.js';
import { accelerate } from '../fast/accelerate.js';
import { readOsloBroker } from '../oslo/broker.js';
import { findOsloSources, type OsloSource, readOsloConfig, readText } from '../oslo/config.js';
import { type BrokerAddress, describeAddress, parseTransportUrl } from '../oslo/transport-url.js';
import { SpecPipeline } from '../pipeline.js';
import {
  type DrainSource,
  RabbitReceiver,
  type RabbitReceiverOptions,
  type TapSource,
} from '../rabbitmq/rabbitmq.js';
import { redactUrl } from '../settings/redact.js';
import type { BrokerSettings, Settings } from '../settings/settings.js';
import type { TranslatorOptions } from '../translator.js';
import { windowFor } from '../window.js';
import { REPEAT_MS, rateLimited } from './logger.js';

/** Deliveries at once. */
export function windowOf({ broker, translate, exporter }: Settings): number {
  return broker.prefetch ?? windowFor(translate, exporter.batch);
}

type ReceiverChoice = Pick<RabbitReceiverOptions, 'source'> & Partial<RabbitReceiverOptions>;

/** One receiver for each broker. @throws BridgeError when a file or URL cannot be read. */
export function rabbitReceivers(settings: Settings, log: Log, options: ReceiverChoice): RabbitReceiver[] {
  return brokerAddresses(settings.broker, log).map((address) =>
    rabbitReceiver(address, settings, log, options),
  );
}

export function rabbitReceiver(
  address: BrokerAddress,
  settings: Settings,
  log: Log,
  options: ReceiverChoice,
): RabbitReceiver {
  return new RabbitReceiver({ address, ...receiverOptions(settings), log, ...options });
}

/** What `run` consumes. */
export function sourceOf(settings: BrokerSettings): DrainSource | TapSource {
  const { mode, queue, tapQueue, exchanges, routingKeys } = settings;
  return mode === 'drain' ? { mode, queue } : { mode, queue: tapQueue, exchanges, routingKeys };
}

function receiverOptions(
  settings: Settings,
): Pick<RabbitReceiverOptions, 'prefetch' | 'deadLetters' | 'requeue'> {
  const { deadLetters, deadLetterQueue, maxDeadLetters, requeueAfterMs, requeueAtDeliveries } =
    settings.broker;
  return {
    prefetch: windowOf(settings),
    deadLetters: deadLetters && { queue: deadLetterQueue, maxLength: maxDeadLetters },
    requeue: { afterMs: requeueAfterMs, atDeliveries: requeueAtDeliveries },
  };
}

/** @throws BridgeError when a file or URL cannot be read. */
export function brokerAddresses(settings: BrokerSettings, log: Log): BrokerAddress[] {
  const { transportUrls, transportUrlFile } = settings;
  const urls = transportUrlFile === undefined ? transportUrls : urlsInFile(transportUrlFile);
  return [
    ...urls.map((url) => addressOf(url, log)),
    ...osloSources(settings).map((source) => addressOfService(source, settings, log)),
  ];
}

function urlsInFile(file: string): string[] {
  const lines = readText(file, 'the transport URL').split('\n');
  const urls = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  if (urls.length > 0) return urls;
  throw new BridgeError('CONFIG_INVALID', `${file} holds no transport URL`, 'Write one URL a line into it.');
}

function addressOf(url: string, log: Log): BrokerAddress {
  const parsed = parseTransportUrl(url);
  if (!parsed.ok) throw new BridgeError('CONFIG_INVALID', parsed.problem);
  warnOfIgnored(parsed.ignored, describeAddress(parsed.address), log);
  return parsed.address;
}

/** The OpenStack services whose configuration the settings name. @throws BridgeError CONFIG_UNREADABLE */
export function osloSources({ osloConfigFiles, osloConfigDirs }: BrokerSettings): OsloSource[] {
  return findOsloSources(osloConfigFiles, osloConfigDirs);
}

function addressOfService(source: OsloSource, { osloEnvironment }: BrokerSettings, log: Log): BrokerAddress {
  const config = readOsloConfig(source, osloEnvironment);
  const read = config.ok ? readOsloBroker(config.value, source.name) : config;
  if (!read.ok) throw new BridgeError('CONFIG_INVALID', read.problem);
  warnOfIgnored(read.value.ignored, source.name, log);
  return read.value.address;
}

function warnOfIgnored(options: readonly string[], where: string, log: Log): void {
  if (options.length > 0)
    log.warn({ options, where }, 'options of the transport URL that have no effect here');
}

/** @param meterProvider for the exporter's metrics of itself */
export async function createSink({ exporter }: Settings, meterProvider?: MeterProvider): Promise<Sink> {
  if (exporter.kind === 'otlp') return createOtlpSink({ ...exporter, meterProvider });
  return exporter.kind === 'console' ? new ExporterSink(new ConsoleSpanExporter()) : new DiscardingSink();
}

/** Where spans go, for people. */
export function describeExporter({ exporter }: Settings): string {
  return exporter.kind === 'otlp' ? `${exporter.protocol} to ${redactUrl(exporter.url)}` : exporter.kind;
}

/** `OTEL_TRACES_EXPORTER=none`: everything is read, and nothing is sent. */
class DiscardingSink implements Sink {
  async send(_spans: readonly ReadableSpan[]): Promise<Outcome> {
    return { kind: 'accepted' };
  }

  async close(): Promise<void> {}
}

/** What the bridge of any command has in common. @param changes to what the settings say. */
export function bridgeOptions(
  { translate, wire, exporter }: Settings,
  log: Log,
  sink: Sink,
  changes: TranslatorOptions = {},
): Omit<BridgeOptions, 'receivers'> {
  const options = { ...translate, ...changes };
  const { maxMessageBytes, accelerator } = wire;
  const spec = new SpecPipeline({ mapping: options, maxMessageBytes, encoding: sink.encoding });
  return {
    sink,
    pipeline: accelerator ? accelerate(spec) : spec,
    assemble: options,
    batch: exporter.batch,
    log: rateLimited(log, REPEAT_MS),
  };
}
