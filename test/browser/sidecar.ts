/** A bridge between a real broker and a backend that takes everything, with its page. */

import type { Sink } from '../../src/contracts.js';
import { ObservedSink } from '../../src/export/observed-sink.js';
import type { BrokerAddress } from '../../src/oslo/transport-url.js';
import { RabbitReceiver } from '../../src/rabbitmq/rabbitmq.js';
import { judgeReadiness } from '../../src/sidecar/readiness.js';
import { createServer } from '../../src/sidecar/server.js';
import { watchReceiver } from '../../src/sidecar/watched-receiver.js';
import { PageFeed } from '../../src/trace-view/page/feed.js';
import { createPage } from '../../src/trace-view/page/page.js';
import { makeBridge } from '../support/bridge.js';
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

const BACKEND: Sink = {
  send: async () => ({ kind: 'accepted' }),
  close: async () => {},
};

export async function startSidecar({ address, rootSpan = true }: SidecarOptions): Promise<Sidecar> {
  const log = new RememberingLog();
  const feed = new PageFeed({ backend: 'http/protobuf to http://collector:4318/v1/traces' });
  const receivers = [new RabbitReceiver({ address, source: { mode: 'drain' }, prefetch: 20_000, log })];
  const bridge = makeBridge({
    receivers,
    sink: new ObservedSink(BACKEND, feed.observe),
    translate: { rootSpan },
    log,
  });
  feed.start({ bridge, receivers: receivers.map(watchReceiver) });
  const server = await createServer({
    listen: { host: '127.0.0.1', port: 0 },
    readiness: () => judgeReadiness({ receivers, backendFailure: undefined, isStopping: false }),
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
