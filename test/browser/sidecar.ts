/** A bridge between a real broker and a backend that takes everything, with its page. */
import { Bridge } from '../../src/bridge.js';
import type { SpanSink } from '../../src/delivery.js';
import { ObservedSink } from '../../src/export/observed-sink.js';
import { RabbitReceiver } from '../../src/receive/rabbitmq.js';
import type { BrokerAddress } from '../../src/receive/transport-url.js';
import { PageFeed } from '../../src/service/page/feed.js';
import { createPage } from '../../src/service/page/page.js';
import { judgeReadiness } from '../../src/service/readiness.js';
import { createServer } from '../../src/service/server.js';
import { watchReceiver } from '../../src/service/watched-receiver.js';
import { RememberingLog } from '../support/receiving.js';

export interface Sidecar {
  readonly url: string;
  readonly feed: PageFeed;
  stop(): Promise<void>;
}

export interface SidecarOptions {
  readonly address: BrokerAddress;
  /** Whether a span gathers each trace's roots. @default true */
  readonly rootSpan?: boolean;
}

const BACKEND: SpanSink = {
  send: async () => ({ kind: 'taken' }),
  close: async () => {},
};

export async function startSidecar({ address, rootSpan = true }: SidecarOptions): Promise<Sidecar> {
  const log = new RememberingLog();
  const feed = new PageFeed({ backend: 'http/protobuf to http://collector:4318/v1/traces' });
  const receivers = [new RabbitReceiver({ address, source: { mode: 'drain' }, prefetch: 20_000, log })];
  const bridge = new Bridge({
    receivers,
    sink: new ObservedSink(BACKEND, feed.observe),
    translate: { rootSpan },
    log,
  });
  feed.start({ bridge, receivers: receivers.map(watchReceiver) });
  const server = await createServer({
    listen: { host: '127.0.0.1', port: 0 },
    readiness: () => judgeReadiness({ receivers, backendRefusal: undefined, isStopping: false }),
    page: createPage({ feed, uiUrl: 'http://jaeger:16686/trace/{traceId}' }),
    log,
  });
  const running = bridge.run();
  return {
    url: server.url,
    feed,
    stop: async () => {
      await bridge.drain(10_000);
      await running;
      await bridge.close();
      feed.stop();
      await server.close();
    },
  };
}
