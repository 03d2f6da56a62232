/** `record`: a tap on the broker that writes what passes, one record a line, and takes nothing from anybody. */
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Delivery } from '../../contracts.js';
import { BridgeError, messageOf } from '../../errors.js';
import { formatRecord } from '../../recordings/record-line.js';
import type { Settings } from '../../settings/settings.js';
import { rabbitReceivers } from '../../sidecar/assemble.js';
import type { CommandContext } from '../context.js';

/** Records that are being written at most: each is settled when it is. */
const WINDOW = 500;

export async function execute(settings: Settings, context: CommandContext): Promise<number> {
  const { broker, record } = settings;
  const receivers = rabbitReceivers(settings, context.log, {
    source: {
      mode: 'tap',
      queue: `${broker.tapQueue}.record`,
      exchanges: broker.exchanges,
      routingKeys: broker.routingKeys,
      temporary: true,
    },
    prefetch: WINDOW,
    exclusive: false,
  });
  const isFile = record.output !== '-';
  const output: Writable = isFile ? createWriteStream(record.output, { flags: 'wx' }) : context.stdout;
  let taken = 0;
  let written = 0;
  const limit = record.limit ?? Number.POSITIVE_INFINITY;
  const stop = () => void Promise.all(receivers.map((receiver) => receiver.stop()));
  context.onStopSignal(stop);
  let failure: unknown;
  output.once('error', (error) => {
    failure = error;
    stop();
  });

  const onDelivery = (delivery: Delivery): void => {
    if (taken === limit) return;
    if (++taken === limit) stop();
    output.write(`${formatRecord(delivery, new Date())}\n`, (error) => {
      if (error) return;
      delivery.acknowledge();
      written++;
    });
  };
  await Promise.all(
    receivers.map((receiver) => receiver.run({ onDelivery, onRequeued: () => {}, onOriginLost: () => {} })),
  );
  if (isFile && failure === undefined) {
    output.end();
    await finished(output).catch((error: unknown) => {
      failure = error;
    });
  }
  await Promise.all(receivers.map((receiver) => receiver.close()));
  context.log.info({ notifications: written, output: record.output }, 'recorded');
  if (failure === undefined) return 0;
  throw new BridgeError(
    'OUTPUT_UNWRITABLE',
    `cannot write ${record.output}: ${messageOf(failure)}`,
    'A recording is never written over an existing file; choose another --output.',
  );
}
