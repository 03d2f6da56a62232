import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { decode } from '../../src/codec/envelope.js';
import { RecordingReceiver } from '../../src/recordings/recording.js';
import type { TraceEvent } from '../../src/trace-point.js';
import { RememberingHandler, RememberingLog } from '../support/receiving.js';
import { type CapturedTrace, capturedTraces, osprofilerReports } from './osprofiler-reports.js';

const traces = capturedTraces();
let directory: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'report-'));
});

after(() => rm(directory, { recursive: true }));

async function replayed(...files: (string | Buffer)[]): Promise<TraceEvent[]> {
  const paths = files.map((_, index) => join(directory, `${index}`));
  await Promise.all(paths.map((path, index) => writeFile(path, files[index]!)));
  const handler = new RememberingHandler((delivery) => delivery.acknowledge());
  await new RecordingReceiver({ files: paths, log: new RememberingLog() }).run(handler);
  return handler.deliveries.map(({ body, properties }) => {
    const decoded = decode(body, properties);
    assert.ok(decoded.kind === 'event', decoded.kind === 'malformed' ? decoded.detail : decoded.kind);
    return decoded.event;
  });
}

/** A half of a point with its name: what osprofiler keeps one payload for. */
function halfKey({ traceId, name, phase: half }: TraceEvent): string {
  return `${typeof traceId} ${traceId} ${name} ${half}`;
}

/** What osprofiler keeps: of halves that came twice, the later one. */
function kept(notifications: readonly TraceEvent[]): TraceEvent[] {
  return [...new Map(notifications.map((each) => [halfKey(each), each])).values()];
}

function sorted(notifications: readonly TraceEvent[]): TraceEvent[] {
  return notifications.toSorted((a, b) => (halfKey(a) < halfKey(b) ? -1 : 1));
}

/**
 * A trace's notifications as a report without their times has them: whole milliseconds since the first, in 1970, one
 * parent for both halves of a point, and the trace known from the first point only.
 */
function reported({ notifications }: CapturedTrace): TraceEvent[] {
  const beginning = Math.min(...notifications.map(({ timestamp }) => timestamp));
  const times = new Map(notifications.map((each) => [`${each.traceId} ${each.phase}`, each.timestamp]));
  const parents = new Map(notifications.toReversed().map((each) => [each.traceId, each.parentId]));
  const first = notifications.toSorted((a, b) => a.timestamp - b.timestamp)[0]!;
  return kept(notifications).map((each) => {
    const latest = times.get(`${each.traceId} ${each.phase}`)! - beginning;
    return {
      ...each,
      timestamp: latest - (latest % 1000),
      parentId: parents.get(each.traceId)!,
      baseId: first.parentId,
    };
  });
}

describe('a report of osprofiler trace show --json', () => {
  it('gives back every notification exactly, in the order of their times', async () => {
    const reports = osprofilerReports(traces, 'whole');
    for (const [index, trace] of traces.entries()) {
      const got = await replayed(reports[index]!);
      assert.deepEqual(sorted(got), sorted(kept(trace.notifications)), trace.capture);
      const times = got.map(({ timestamp }) => timestamp);
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
        trace.capture,
      );
    }
  });

  it('of the SQL driver, which keeps ids and times elsewhere, loses no more than parts of milliseconds and the date', async () => {
    const reports = osprofilerReports(traces, 'without identity');
    for (const [index, trace] of traces.entries()) {
      const got = await replayed(reports[index]!);
      assert.deepEqual(sorted(got), sorted(reported(trace)), trace.capture);
    }
  });

  it('without payloads still has names, hosts, services, tree and durations in milliseconds', async () => {
    const reports = osprofilerReports(traces, 'none');
    for (const [index, trace] of traces.entries()) {
      const got = await replayed(reports[index]!);
      const expected = reported(trace).map((each) => ({ ...each, info: { host: each.host } }));
      assert.deepEqual(sorted(got), sorted(expected), trace.capture);
    }
  });

  it('may be gzip, and reports may follow one another in a file and among files', async () => {
    const chosen = traces.slice(0, 4);
    const [a, b, c, d] = osprofilerReports(chosen, 'whole') as [string, string, string, string];
    const got = await replayed(gzipSync(a), a + b, Buffer.concat([gzipSync(c), gzipSync(d)]));
    const counts = chosen.map(({ notifications }) => kept(notifications).length);
    assert.equal(got.length, 2 * counts[0]! + counts[1]! + counts[2]! + counts[3]!);
  });
});
