/** The backend that the settings name: whether it can be reached, takes a span, and has the right time. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Outcome } from '../contracts.js';
import { describe, explainNoAnswer } from '../export/hints.js';
import { createOtlpSink } from '../export/otlp.js';
import { readTls } from '../export/tls-files.js';
import type { Explanation } from '../rabbitmq/hints.js';
import { redactUrl } from '../settings/redact.js';
import type { ExporterSettings, Settings } from '../settings/settings.js';
import { formatDuration } from '../settings/units.js';
import type { Examination } from './examination.js';
import { type Finding, fail, ok, warn } from './finding.js';
import { reach } from './reach.js';
import { spanOf, syntheticPoint } from './synthetic.js';

const WHERE = 'backend';
/** A clock further off than this puts spans where nobody looks for them. HTTP tells whole seconds. */
const MOST_SKEW_MS = 5_000;
/** Of the time of a check, for a request: what it ends with is to be told within the check. */
const SHARE_OF_REQUEST = 0.6;

/** @returns whether it takes spans. */
export async function examineBackend(exam: Examination, settings: Settings): Promise<boolean> {
  const { exporter } = settings;
  if (exporter.kind !== 'otlp') {
    exam.skip(WHERE, ['all'], `OTEL_TRACES_EXPORTER is ${exporter.kind}`);
    return true;
  }
  const where = `${WHERE} ${redactUrl(exporter.url)}`;
  exam.note(where, 'address', describeAddress(exporter));
  if (!(await reach(exam, targetOf(exporter, where)))) {
    exam.skip(where, ['clock', 'test span'], 'the backend cannot be reached');
    return false;
  }
  if (exporter.protocol === 'grpc') exam.skip(where, ['clock'], 'gRPC does not tell the time');
  else await exam.check(where, 'clock', () => compareClocks(exporter, exam.deadlineMs));
  const isTaken = await exam.check(where, 'test span', async () => {
    const { finding, taken } = await sendSpan(settings, exam.deadlineMs);
    return { finding, value: taken };
  });
  return isTaken === true;
}

/** The usual slips; the test span tells whether they are some. */
function describeAddress({ protocol, url, urlIsDefault }: ExporterSettings): Finding {
  const { port, pathname } = new URL(url);
  const detail = `${protocol} to ${redactUrl(url)}${urlIsDefault ? ', the default' : ''}`;
  if (protocol === 'grpc' && port === '4318') {
    return warn(
      `${detail}; port 4318 usually speaks HTTP`,
      'use port 4317, or OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf',
    );
  }
  if (protocol !== 'grpc' && port === '4317') {
    return warn(
      `${detail}; port 4317 usually speaks gRPC`,
      'use port 4318, or OTEL_EXPORTER_OTLP_PROTOCOL=grpc',
    );
  }
  if (protocol !== 'grpc' && !pathname.endsWith('/v1/traces')) {
    return warn(
      `${detail}; the path of OTLP traces is usually /v1/traces`,
      'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is taken as it is; OTEL_EXPORTER_OTLP_ENDPOINT gets the path added',
    );
  }
  return ok(detail);
}

function targetOf({ url, tls }: ExporterSettings, where: string): Parameters<typeof reach>[1] {
  const { protocol, hostname, port } = new URL(url);
  const isSecure = protocol === 'https:';
  return {
    where,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (isSecure ? 443 : 80)),
    explain: (error): Explanation =>
      explainNoAnswer(error) ?? { reason: describe(error), hint: 'look at the log of the backend' },
    ...(isSecure ? { tls: async () => ({ ...readTls(tls) }) } : {}),
  };
}

async function sendSpan(
  settings: Settings,
  deadlineMs: number,
): Promise<{ finding: Finding; taken: boolean }> {
  const timeoutMs = Math.floor(deadlineMs * SHARE_OF_REQUEST);
  const sink = await createOtlpSink({ ...settings.exporter, timeoutMs });
  try {
    const point = syntheticPoint({ sampleRatio: 1 })!;
    const outcome = await sink.send([sink.encoding.encode(spanOf(point, settings.translate))]);
    const taken = outcome.kind === 'accepted' && (outcome.refused ?? 0) === 0;
    return { finding: judge(outcome, point.traceId), taken };
  } finally {
    await sink.close();
  }
}

function judge(outcome: Outcome, traceId: string): Finding {
  if (outcome.kind === 'permanent') {
    return fail(outcome.reason, 'the backend refuses spans like these for good: see its limits and its log');
  }
  if (outcome.kind === 'retryable') return fail(outcome.reason, outcome.hint ?? 'see the log of the backend');
  const { refused = 0, message = '' } = outcome;
  if (refused > 0) return fail(`refused the span: ${message}`, 'see what it says, and its log');
  if (message !== '') return warn(`taken as trace ${traceId}; it says: ${message}`, 'see what it says');
  return ok(`taken as trace ${traceId}, and answered as OTLP`);
}

async function compareClocks({ url, tls }: ExporterSettings, deadlineMs: number): Promise<Finding> {
  const patience = AbortSignal.timeout(Math.floor(deadlineMs * SHARE_OF_REQUEST));
  const date = await dateOf(url, tls, patience).catch(() => undefined);
  const theirs = date === undefined ? Number.NaN : Date.parse(date);
  if (Number.isNaN(theirs)) return { status: 'skipped', detail: 'because its answer tells no time' };
  const skew = theirs - Date.now();
  const amount = formatDuration(Math.max(1, Math.round(Math.abs(skew) / 1000)) * 1000);
  if (Math.abs(skew) <= MOST_SKEW_MS) return ok('less than five seconds off this one');
  return warn(
    `the backend's clock is ${amount} ${skew > 0 ? 'ahead of' : 'behind'} this machine's`,
    "spans carry the times of OpenStack's hosts: see that NTP runs here, there, and on the backend",
  );
}

/** Of the answer to a GET, which no receiver of spans acts upon; credentials stay out of it. */
function dateOf(url: string, tls: ExporterSettings['tls'], signal: AbortSignal): Promise<string | undefined> {
  const isSecure = url.startsWith('https:');
  return new Promise((resolve, reject) => {
    const request = isSecure
      ? httpsRequest(url, { ...readTls(tls), signal, agent: false })
      : httpRequest(url, { signal, agent: false });
    request.once('error', reject);
    request.once('response', (response) => {
      resolve(response.headers.date);
      response.destroy();
    });
    request.end();
  });
}
