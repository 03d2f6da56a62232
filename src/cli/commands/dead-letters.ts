/** `dead-letters`: dead-lettered messages, to list, to move back, or to purge. */
import { BridgeError } from '../../errors.js';
import { maskText } from '../../mapping/masking/mask.js';
import { type DeadLetter, DeadLetterStore } from '../../rabbitmq/dead-letter-store.js';
import { printable } from '../../settings/redact.js';
import type { Settings } from '../../settings/settings.js';
import { brokerAddresses } from '../../sidecar/assemble.js';
import type { CommandContext } from '../context.js';

/** @returns whether everything that was asked for is done. */
type Action = (store: DeadLetterStore, settings: Settings, context: CommandContext) => Promise<boolean>;

const ACTIONS: Readonly<Record<string, Action>> = { list, replay, purge };

export async function execute(settings: Settings, context: CommandContext): Promise<number> {
  const action = settings.operands[0]!;
  if (action === 'purge' && !settings.deadLetters.yes) {
    throw new BridgeError(
      'CONFIG_INVALID',
      'dead-letters purge deletes every dead letter',
      'Look at them with dead-letters list, then pass --yes.',
    );
  }
  let isDone = true;
  for (const address of brokerAddresses(settings.broker, context.log)) {
    const store = await DeadLetterStore.open(address, settings.broker.deadLetterQueue, context.log);
    try {
      isDone = (await ACTIONS[action]!(store, settings, context)) && isDone;
    } finally {
      await store.close();
    }
  }
  if (isDone) return 0;
  throw new BridgeError(
    'NOT_ALL_TAKEN',
    'not every dead letter could be moved back',
    'The log says why; what was not moved is still there.',
  );
}

async function list(
  store: DeadLetterStore,
  { deadLetters: { bodies }, json }: Settings,
  { stdout, log }: CommandContext,
): Promise<boolean> {
  let count = 0;
  await store.list((letter) => {
    count += 1;
    const body = bodies ? maskText(letter.body.toString('utf8')) : undefined;
    if (json)
      return void stdout.write(`${JSON.stringify({ broker: store.broker, ...facts(letter), body })}\n`);
    stdout.write(row(letter));
    if (body !== undefined) stdout.write(`  ${printable(body)}\n`);
  });
  log.info({ queue: store.queue, broker: store.broker, messages: count }, 'dead letters listed');
  return true;
}

async function replay(
  store: DeadLetterStore,
  { json }: Settings,
  { stdout, log }: CommandContext,
): Promise<boolean> {
  const { moved, left, problem } = await store.replay();
  const { queue, broker } = store;
  stdout.write(
    json
      ? `${JSON.stringify({ broker, queue, moved, left })}\n`
      : `${moved} moved back, ${left} left in ${queue} at ${broker}\n`,
  );
  if (problem !== undefined) log.warn({ queue: store.queue, hint: problem.hint }, problem.reason);
  else if (left > 0)
    log.warn({ queue: store.queue }, 'some messages there were not dead-lettered by this bridge');
  return left === 0;
}

async function purge(
  store: DeadLetterStore,
  { json }: Settings,
  { stdout }: CommandContext,
): Promise<boolean> {
  const count = await store.purge();
  const { queue, broker } = store;
  stdout.write(
    json
      ? `${JSON.stringify({ broker, queue, purged: count })}\n`
      : `${count} purged from ${queue} at ${broker}\n`,
  );
  return true;
}

/** Separated by tabs: reason, exchange, routing key, queue, size, detail. */
function row(letter: DeadLetter): string {
  const { reason, exchange, routingKey, queue, bytes, detail } = facts(letter);
  const fields = [reason, exchange, routingKey, queue, `${bytes} B`, detail];
  return `${fields.map(printable).join('\t')}\n`;
}

function facts({ reason, exchange, routingKey, queue, body, detail }: DeadLetter) {
  return { reason, exchange, routingKey, queue, bytes: body.length, detail };
}
