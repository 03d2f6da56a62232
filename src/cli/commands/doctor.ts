/** `doctor`: what can be wrong with the settings of `run`, looked at one by one. */
import type { Log } from '../../contracts.js';
import { examineApi } from '../../doctor/api.js';
import { examineBackend } from '../../doctor/backend.js';
import { type Admitted, enter, findBrokers } from '../../doctor/broker.js';
import { carryPoint } from '../../doctor/end-to-end.js';
import { Examination } from '../../doctor/examination.js';
import { formatJson, formatLine } from '../../doctor/finding.js';
import { examineQueue, QUEUE_CHECKS, type QueueFacts } from '../../doctor/queue.js';
import { examineServices } from '../../doctor/services.js';
import { BridgeError } from '../../errors.js';
import type { BrokerAddress } from '../../oslo/transport-url.js';
import type { Settings } from '../../settings/settings.js';
import type { CommandContext } from '../context.js';

const END_TO_END = 'end to end';
/** Many may wait in the queue before the trace point of doctor's own. */
const PATIENCE_OF_END_TO_END = 5;

export async function execute(settings: Settings, { log, stdout }: CommandContext): Promise<number> {
  const {
    json,
    doctor: { checkTimeoutMs },
  } = settings;
  const exam = new Examination(checkTimeoutMs, (line) => {
    if (!json) stdout.write(`${formatLine(line)}\n`);
  });
  const hushed = hush(log);
  await examineServices(exam, settings.broker);
  const takesSpans = await examineBackend(exam, settings);
  const addresses = await findBrokers(exam, settings.broker);
  for (const address of addresses) await examineBroker(exam, address, settings, hushed, takesSpans);
  await examineApi(exam, addresses, settings, hushed);
  if (json) stdout.write(`${formatJson(exam.lines)}\n`);
  if (exam.failures === 0) return 0;
  throw new BridgeError(
    'FAULTS_FOUND',
    `${exam.failures} of ${exam.lines.length} checks failed`,
    'Fix the first failure first: later ones may be consequences.',
  );
}

async function examineBroker(
  exam: Examination,
  address: BrokerAddress,
  settings: Settings,
  log: Log,
  takesSpans: boolean,
): Promise<void> {
  const admitted = await enter(exam, address, settings.broker, log);
  if (admitted === undefined) {
    exam.skip('queue', [...QUEUE_CHECKS, END_TO_END], 'no broker authorises the user');
    return;
  }
  try {
    const facts = await examineQueue(exam, admitted, settings.broker, log);
    const obstacle = obstacleTo(settings, facts, takesSpans);
    if (obstacle !== undefined) exam.skip(admitted.where, [END_TO_END], obstacle);
    else await goEndToEnd(exam, admitted, settings, log);
  } finally {
    await admitted.connection.close();
  }
}

function obstacleTo(
  { doctor, exporter, broker }: Settings,
  { isFree, depth }: QueueFacts,
  takesSpans: boolean,
): string | undefined {
  if (!doctor.endToEnd) return 'it publishes to and consumes from the queue; enable it with --end-to-end';
  if (exporter.kind !== 'otlp') return `OTEL_TRACES_EXPORTER is ${exporter.kind}`;
  if (!takesSpans) return 'the backend accepts no spans';
  if (!isFree) return 'another consumer has the queue';
  return depth === undefined && broker.mode === 'drain' ? 'there is no queue' : undefined;
}

async function goEndToEnd(
  exam: Examination,
  admitted: Admitted,
  settings: Settings,
  log: Log,
): Promise<void> {
  const patienceMs = PATIENCE_OF_END_TO_END * exam.deadlineMs;
  // What the journey's end takes is not part of it.
  const deadlineMs = patienceMs + 2 * exam.deadlineMs;
  await exam.check(
    admitted.where,
    END_TO_END,
    () => carryPoint(admitted, settings, log, patienceMs),
    deadlineMs,
  );
}

/** What the rooms below say on the way is in the findings already; who wants to see it asks for debug. */
function hush(log: Log): Log {
  const debug: Log['debug'] = (fields, message) => log.debug(fields, message);
  return { debug, info: debug, warn: debug, error: debug };
}
