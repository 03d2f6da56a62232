// A program with strict types that hands everything there is to a bridge, of whichever SDK it has.
import { type Context, type MeterProvider, type TextMapPropagator, trace } from '@opentelemetry/api';
import {
  type AmqpChannel,
  BridgeError,
  ChannelReceiver,
  createBridge,
  decode,
  type LibraryBridge,
  type OpenChannel,
  OsprofilerPropagator,
  parseTransportUrl,
  RabbitReceiver,
  RecordingReceiver,
  Translator,
  windowFor,
} from 'osprofiler-otel-bridge';
import type { Channel, ConfirmChannel } from './amqplib-types.js';
import type { ReadableSpan, SpanExporter, SpanProcessor } from './sdk-types.js';

export function translate(bodies: readonly Buffer[]): ReadableSpan[] {
  const translator = new Translator<number>({ mask: 'strict' });
  return bodies.flatMap((body, index) => {
    const decoded = decode(body);
    if (decoded.kind !== 'event') return [];
    const results = translator.add(decoded.event, index);
    return results.flatMap((result) => (result.kind === 'span' ? [result.span] : []));
  });
}

export function bridges(
  exporter: SpanExporter,
  processor: SpanProcessor,
  channel: Channel | ConfirmChannel,
  meterProvider: MeterProvider,
): LibraryBridge[] {
  const mine: AmqpChannel = channel;
  const receiver = new ChannelReceiver({ channel: mine, prefetch: windowFor({ maxOpenPoints: 1_000 }) });
  const open: OpenChannel = async () => channel;
  const taken: ReadableSpan[] = [];
  return [
    createBridge({ receiver, exporter, meterProvider, log: console }),
    createBridge({
      receiver: [receiver, new ChannelReceiver({ channel: open })],
      processor,
      shutdown: false,
    }),
    createBridge({
      receiver: new RecordingReceiver({ files: [] }),
      sink: (spans) => void taken.push(...spans),
    }),
    createBridge({ receiver, sink: async () => ({ kind: 'retryable', reason: 'later' }) }),
  ];
}

export function rabbit(url: string): RabbitReceiver {
  const parsed = parseTransportUrl(url);
  if (!parsed.ok) throw new BridgeError('CONFIG_INVALID', parsed.problem);
  const source = { mode: 'drain' } as const;
  return new RabbitReceiver({ address: parsed.address, source, prefetch: windowFor(), log: console });
}

export const propagator: TextMapPropagator = new OsprofilerPropagator({ hmacKeys: ['key'] });
export const active = (context: Context): boolean => trace.getSpan(context) !== undefined;
