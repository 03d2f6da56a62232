/** The brokers that the settings name: whether they can be reached, and whether they let the user in. */
import type { Log } from '../contracts.js';
import type { BrokerAddress, BrokerHost } from '../oslo/transport-url.js';
import {
  type BrokerConnection,
  brokerTlsOptions,
  DOCTOR_CONNECTION_NAME,
  openConnection,
  whereOf,
} from '../rabbitmq/connection.js';
import { explain, hostAndPort } from '../rabbitmq/hints.js';
import type { BrokerSettings } from '../settings/settings.js';
import { brokerAddresses, sourceOf } from '../sidecar/assemble.js';
import { type Checked, Examination } from './examination.js';
import { type Finding, fail, failFor, type Line, ok, warn } from './finding.js';
import { reach } from './reach.js';

/** A connection to the first host of a broker that lets the user in. */
export interface Admitted {
  readonly address: BrokerAddress;
  readonly host: BrokerHost;
  /** For people. */
  readonly where: string;
  readonly connection: BrokerConnection;
}

/** The addresses that the settings give, none when they cannot be read. */
export async function findBrokers(exam: Examination, settings: BrokerSettings): Promise<BrokerAddress[]> {
  const warnings: string[] = [];
  const addresses = await exam.check<BrokerAddress[]>('broker', 'transport URL', async () => {
    const found = brokerAddresses(settings, listeningLog(warnings));
    return { finding: describeFound(found, warnings), value: found };
  });
  return addresses ?? [];
}

function describeFound(found: readonly BrokerAddress[], warnings: readonly string[]): Finding {
  const detail = `${found.length === 1 ? 'one broker' : `${found.length} brokers`}, read`;
  if (warnings.length === 0) return ok(detail);
  return warn(`${detail}; ${warnings.join('; ')}`, 'leave them out, or see that nothing depends on them');
}

/** Keeps what reading the URLs warns of. */
function listeningLog(warnings: string[]): Log {
  const ignore = () => undefined;
  const keep: Log['warn'] = ({ options }, message) =>
    void warnings.push(`${message}: ${Array.isArray(options) ? options.join(', ') : ''}`);
  return { debug: ignore, info: ignore, warn: keep, error: keep };
}

/** Goes to every host; when one is good, the others' failures are warnings: the bridge goes on to the next. */
export async function enter(
  exam: Examination,
  address: BrokerAddress,
  settings: BrokerSettings,
  log: Log,
): Promise<Admitted | undefined> {
  const drafts: Line[] = [];
  let admitted: Admitted | undefined;
  for (const host of address.hosts) {
    const builder = new Examination(exam.deadlineMs);
    const found = await enterHost(builder, address, host, settings, log);
    drafts.push(...builder.lines);
    if (admitted === undefined) admitted = found;
    else await found?.connection.close();
  }
  exam.adopt(admitted === undefined ? drafts : drafts.map(lessen));
  return admitted;
}

function lessen(line: Line): Line {
  return line.status === 'fail' ? { ...line, status: 'warn' } : line;
}

async function enterHost(
  exam: Examination,
  address: BrokerAddress,
  host: BrokerHost,
  settings: BrokerSettings,
  log: Log,
): Promise<Admitted | undefined> {
  const where = `broker ${hostAndPort(host)}`;
  const { tls } = address;
  const { queue = '' } = sourceOf(settings);
  const explainHere = (error: unknown) => explain(error, whereOf(address, host), queue);
  const isReached = await reach(exam, {
    where,
    ...{ host: host.host, port: host.port, explain: explainHere },
    ...(tls === undefined ? {} : { tls: async () => ({ ...(await brokerTlsOptions(tls)) }) }),
  });
  if (!isReached) {
    exam.skip(where, ['login'], 'the broker cannot be reached');
    return undefined;
  }
  const connection = await exam.check<BrokerConnection>(where, 'login', async (signal) => {
    try {
      const opened = await openConnection(address, host, signal, log, DOCTOR_CONNECTION_NAME);
      if (!signal.aborted) return { finding: ok(describeLogin(opened)), value: opened };
      await opened.close();
      return fail('too late', 'see above');
    } catch (error) {
      return failFor(explainHere(error));
    }
  });
  if (connection === undefined) return undefined;
  exam.note(where, 'version', describeVersion(connection));
  return { address, host, where, connection };
}

function describeLogin({ where: { username, vhost } }: BrokerConnection): string {
  return `user "${username}" is let into the virtual host "${vhost}"`;
}

/** RabbitMQ 4.3 refuses queues that are neither durable nor exclusive, which profiler.info is by default. */
function describeVersion({ server: { product, version } }: BrokerConnection): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const detail = `${product} ${version}`;
  if (product !== 'RabbitMQ') {
    return warn(
      detail,
      'only RabbitMQ has been tried with this bridge, and only it has what the bridge relies on',
    );
  }
  if (major < 4 || (major === 4 && minor < 3)) return ok(detail);
  return warn(
    `${detail} refuses the transient queue that the services declare by default`,
    'set amqp_durable_queues = true or rabbit_quorum_queue = true in [oslo_messaging_rabbit] of every service',
  );
}

/** Runs a question to the broker; what it refuses is explained. */
export async function asked<T>(
  { connection }: Admitted,
  queue: string,
  question: () => Promise<Checked<T> | Finding>,
): Promise<Checked<T> | Finding> {
  try {
    return await question();
  } catch (error) {
    return failFor(explain(error, connection.where, queue));
  }
}
