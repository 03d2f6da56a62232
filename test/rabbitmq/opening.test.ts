import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { BrokerAddress } from '../../src/oslo/transport-url.js';
import { openConnection } from '../../src/rabbitmq/connection.js';
import { RabbitReceiver } from '../../src/rabbitmq/rabbitmq.js';
import { eventually } from '../support/rabbitmq.js';
import { RememberingHandler, RememberingLog } from '../support/receiving.js';
import { closing, OPEN_OK, ScriptedBroker } from '../support/scripted-broker.js';

const SHUTDOWN = closing(320, "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'");
const INTERNAL = closing(541, 'INTERNAL_ERROR');

describe('a connection that the broker closes in the same breath as it opens it', () => {
  for (const [what, close] of [
    ['with an error', INTERNAL],
    ['for a shutdown', SHUTDOWN],
  ] as const) {
    it(`is a failed attempt, and the process lives (${what})`, async (test) => {
      const broker = await scripted(test, OPEN_OK, close);
      const address = addressOf(broker);
      const attempt = openConnection(
        address,
        address.hosts[0]!,
        new AbortController().signal,
        new RememberingLog(),
      );
      await assert.rejects(attempt, /Connection closed/);
    });

    it(`is tried again by the receiver (${what})`, async (test) => {
      const broker = await scripted(test, OPEN_OK, close);
      const log = new RememberingLog();
      const receiver = new RabbitReceiver({
        address: addressOf(broker),
        source: { mode: 'drain' },
        prefetch: 10,
        log,
        backoff: { initialMs: 1, maximumMs: 5 },
      });
      test.after(() => receiver.close());
      void receiver.run(new RememberingHandler());
      await eventually(() => broker.opened >= 3);
      assert.match(log.text, /connection closed|closed the connection/i);
    });
  }
});

async function scripted(test: TestContext, ...atOpen: readonly Buffer[]): Promise<ScriptedBroker> {
  const broker = await ScriptedBroker.start(...atOpen);
  test.after(() => broker.stop());
  return broker;
}

function addressOf(broker: ScriptedBroker): BrokerAddress {
  return {
    hosts: [{ host: '127.0.0.1', port: broker.port }],
    username: 'guest',
    password: 'guest',
    vhost: '/',
  };
}
