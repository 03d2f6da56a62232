/**
 * An API of OpenStack and the proxy in front of it: whether a request with a sampled `traceparent`, and one that is signed,
 * make a trace point. A tap of doctor's own sees them; nothing is taken from the queue of the services.
 */
import { randomBytes } from 'node:crypto';
import { decode } from '../codec/envelope.js';
import type { Log, MessageProperties } from '../contracts.js';
import { messageOf } from '../errors.js';
import { toTraceId } from '../mapping/ids.js';
import type { BrokerAddress } from '../oslo/transport-url.js';
import { toUuid } from '../propagation/span-ids.js';
import { signTraceInfo, TRACE_HMAC_HEADER, TRACE_INFO_HEADER } from '../propagation/trace-info.js';
import { type BrokerConnection, DOCTOR_CONNECTION_NAME, openConnection } from '../rabbitmq/connection.js';
import { type Explanation, explain } from '../rabbitmq/hints.js';
import { bindIfPresent, declareTemporaryTap } from '../rabbitmq/topology.js';
import { readHmacKeys } from '../settings/hmac-keys.js';
import { redactUrl } from '../settings/redact.js';
import type { BrokerSettings, Settings } from '../settings/settings.js';
import { formatDuration } from '../settings/units.js';
import type { Examination } from './examination.js';
import { type Finding, fail, failFor, ok } from './finding.js';

const SAMPLED = 'sampled request';
const SIGNED = 'signed request';
/** Of the time of a check: for the answer, and then for its trace point. The services send that before they answer. */
const SHARE_OF_REQUEST = 0.6;
const SHARE_OF_NOTIFICATION = 0.3;

const NO_EXCHANGE: Explanation = {
  reason: "no exchange of OpenStack's is there yet",
  hint: 'each service makes its own with its first notification: profile one request, and look again',
};

/** Does nothing without `--api-url`. The trace point may come by any of the brokers. */
export async function examineApi(
  exam: Examination,
  addresses: readonly BrokerAddress[],
  settings: Settings,
  log: Log,
): Promise<void> {
  const { apiUrl } = settings.doctor;
  if (apiUrl === undefined) return;
  const where = `API ${redactUrl(apiUrl)}`;
  const tap = new Tap(settings.broker);
  try {
    for (const address of addresses) await tap.add(address, log);
    if (tap.problem !== undefined) exam.note(where, SAMPLED, failFor(tap.problem));
    else await sendRequests(exam, where, apiUrl, tap, settings);
  } finally {
    await tap.close();
  }
}

async function sendRequests(
  exam: Examination,
  where: string,
  url: string,
  tap: Tap,
  settings: Settings,
): Promise<void> {
  const [key] = readHmacKeys(settings.headers);
  const signed = key === undefined ? undefined : newTrace();
  const { info = '', hmac = '' } =
    signed === undefined ? {} : signTraceInfo({ baseId: signed, parentId: signed }, key!);
  let seenSigned: string | undefined;
  if (signed !== undefined) {
    const headers = { [TRACE_INFO_HEADER]: info, [TRACE_HMAC_HEADER]: hmac };
    const finding = await exam.check(where, SIGNED, async () => {
      const sent = await send(url, headers, tap, signed, exam.deadlineMs);
      if (!sent.ok) return fail(sent.problem, 'see that --api-url is right, and that the API runs');
      seenSigned = sent.sender;
      return { finding: describeSigned(sent), value: true };
    });
    if (finding === undefined) return exam.skip(where, [SAMPLED], 'the API does not answer');
  } else exam.skip(where, [SIGNED], 'no HMAC key is set');
  await exam.check(where, SAMPLED, async () => {
    const trace = newTrace();
    const traceparent = `00-${toTraceId(trace)}-${randomBytes(8).toString('hex')}-01`;
    const sent = await send(url, { traceparent }, tap, trace, exam.deadlineMs);
    if (!sent.ok) return fail(sent.problem, 'see that --api-url is right, and that the API runs');
    return describeSampled(sent, seenSigned);
  });
}

function newTrace(): string {
  return toUuid(randomBytes(16).toString('hex'));
}

type Sent =
  | { readonly ok: false; readonly problem: string }
  /** `sender` sent a trace point of the request; undefined: none came. */
  | {
      readonly ok: true;
      readonly status: number;
      readonly waitedMs: number;
      readonly sender: string | undefined;
    };

async function send(
  url: string,
  headers: Readonly<Record<string, string>>,
  tap: Tap,
  trace: string,
  deadlineMs: number,
): Promise<Sent> {
  const seen = tap.expect(trace);
  let status: number;
  try {
    // What it answers does not matter: osprofiler's filter stands before the one that asks for a token.
    const signal = AbortSignal.timeout(Math.floor(deadlineMs * SHARE_OF_REQUEST));
    const response = await fetch(url, { headers, signal, redirect: 'manual' });
    await response.body?.cancel();
    status = response.status;
  } catch (error) {
    const { cause } = error as { readonly cause?: unknown };
    return { ok: false, problem: `no answer: ${messageOf(cause ?? error)}` };
  }
  const waitedMs = Math.floor(deadlineMs * SHARE_OF_NOTIFICATION);
  const sender = await within(seen, waitedMs);
  return { ok: true, status, waitedMs, sender };
}

function describeSigned({ status, waitedMs, sender }: Extract<Sent, { ok: true }>): Finding {
  const answer = `it answered ${status}`;
  if (sender !== undefined) return ok(`${answer}, and ${sender} sent a trace point: it knows the key`);
  return ok(
    `${answer}, and no trace point came within ${formatDuration(waitedMs)}: a proxy drops signed headers of clients, or the services do not know the key`,
  );
}

function describeSampled(
  { status, waitedMs, sender }: Extract<Sent, { ok: true }>,
  seenSigned: string | undefined,
): Finding {
  const answer = `it answered ${status}`;
  if (sender !== undefined)
    return ok(`${answer}, and ${sender} sent a trace point: the proxy signs with a key that it knows`);
  const none = `${answer}, and no trace point came within ${formatDuration(waitedMs)}`;
  const path = 'see also that the path is not one that the proxy never traces';
  if (seenSigned !== undefined) {
    return fail(
      `${none}, while a request signed with the key of doctor made one: the proxy does not sign, or signs with a key that the services do not have`,
      `give the proxy one of the services' hmac_keys, see examples/edge; ${path}`,
    );
  }
  return fail(
    `${none}: the proxy does not sign, or signs with a key that the services do not have, or the services do not profile`,
    `see that [profiler] enabled is true, that hmac_keys holds the proxy's key, and that the services' notifications reach this broker; ${path}`,
  );
}

/** Resolves with undefined when `promise` takes longer. */
async function within<T>(promise: Promise<T>, patienceMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, patienceMs, undefined);
  });
  const first = await Promise.race([promise, late]);
  clearTimeout(timer);
  return first;
}

/** Sees the notifications that pass, at every broker that lets doctor in. */
class Tap {
  /** Why it sees nothing. */
  problem: Explanation | undefined = { reason: 'no broker lets the user in', hint: 'see the checks above' };
  readonly #connections: BrokerConnection[] = [];
  readonly #expected = new Map<string, (sender: string) => void>();

  constructor(private readonly settings: BrokerSettings) {}

  async add(address: BrokerAddress, log: Log): Promise<void> {
    const connection = await openFirst(address, log);
    if (connection === undefined) return;
    this.#connections.push(connection);
    const { tapQueue, exchanges, routingKeys, queue: drained, mode } = this.settings;
    // The services send with the name of the queue that they declare.
    const keys = mode === 'drain' ? [drained] : routingKeys;
    try {
      const queue = await declareTemporaryTap(connection, `${tapQueue}.doctor`);
      let bound = 0;
      for (const exchange of exchanges)
        bound += (await bindIfPresent(connection, queue, exchange, keys)) ? 1 : 0;
      if (bound === 0) return this.#lack(NO_EXCHANGE);
      const channel = await connection.createChannel();
      await channel.consume(queue, (message) => message && this.#look(message), { noAck: true });
      this.problem = undefined;
    } catch (error) {
      this.#lack(explain(error, connection.where, tapQueue));
    }
  }

  /** @returns who sends the first trace point of this trace. */
  expect(baseId: string): Promise<string> {
    return new Promise((resolve) => this.#expected.set(baseId, resolve));
  }

  async close(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.close()));
  }

  #lack(problem: Explanation): void {
    if (this.problem !== undefined) this.problem = problem;
  }

  #look({ content, properties }: { readonly content: Buffer; readonly properties: MessageProperties }): void {
    const decoded = decode(content, properties);
    if (decoded.kind !== 'event') return;
    const { baseId, project, service } = decoded.event;
    this.#expected.get(String(baseId))?.(`${project}/${service}`);
  }
}

/** A connection to the first host that lets the user in; why the others do not is in the findings already. */
async function openFirst(address: BrokerAddress, log: Log): Promise<BrokerConnection | undefined> {
  for (const host of address.hosts) {
    const signal = new AbortController().signal;
    const opened = openConnection(address, host, signal, log, DOCTOR_CONNECTION_NAME).catch(() => undefined);
    const connection = await opened;
    if (connection !== undefined) return connection;
  }
  return undefined;
}
