/**
 * Which functions of the bridge one start and one stop of a SQL statement pass, from delivery to acknowledgement: by V8's
 * coverage, without broker, HTTP and page, when everything about them has been seen before.
 */
import { Session } from 'node:inspector/promises';
import { bodyAt, COPY_SIZE } from '../../bench/support/corpus.js';
import type { Sink } from '../../src/contracts.js';
import type { EncodedSpan } from '../../src/encoded-span.js';
import { JSON_ENCODING } from '../../src/export/json-encoding.js';
import { makeBridge } from './bridge.js';
import { type FakeDelivery, FakeReceiver } from './fake-receiver.js';
import { RememberingLog } from './receiving.js';
import { settled } from './spans.js';

/** What V8 calls the assignment of a class's fields, which is no function of the sources. */
const INITIALIZER = '<instance_members_initializer>';

/** The names of the functions that were called, by file: `fast/accelerate.ts`. In the order of their first call. */
export async function coverOnePair(): Promise<Map<string, string[]>> {
  const receiver = new FakeReceiver();
  const sink: Sink<EncodedSpan> = {
    encoding: JSON_ENCODING,
    send: async (spans) => {
      JSON_ENCODING.join(spans);
      return { kind: 'accepted' };
    },
    close: async () => {},
  };
  const log = new RememberingLog();
  const bridge = makeBridge({ receivers: [receiver], sink, log, batch: { maxSize: 1 } });
  const running = bridge.run();
  for (let index = 0; index < 2 * COPY_SIZE; index++) receiver.give(bodyAt(index));
  await untilSettled(() => bridge.unacknowledged === 0);
  const [before, start, stop] = sqlPair();
  // Of the same second, which is remembered.
  receiver.give(before);
  await settled();
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  await session.post('Profiler.takePreciseCoverage');
  const deliveries: FakeDelivery[] = [receiver.give(start), receiver.give(stop)];
  await untilSettled(() => deliveries.every(({ live }) => !live));
  const { result } = await session.post('Profiler.takePreciseCoverage');
  session.disconnect();
  await bridge.close();
  await running;
  return calledIn(result);
}

interface Covered {
  readonly url: string;
  readonly functions: readonly {
    readonly functionName: string;
    readonly ranges: readonly { readonly count: number }[];
  }[];
}

function calledIn(covered: readonly Covered[]): Map<string, string[]> {
  const called = new Map<string, string[]>();
  for (const { url, functions } of covered) {
    const file = url.split('/build/src/')[1]?.replace(/\.js$/, '.ts');
    const names = functions.filter(
      ({ functionName, ranges }) =>
        functionName !== '' && functionName !== INITIALIZER && ranges[0]!.count > 0,
    );
    if (file !== undefined && names.length > 0)
      called.set(
        file,
        names.map(({ functionName }) => functionName),
      );
  }
  return called;
}

/** From the third copy of the corpus: its templates are made. */
function sqlPair(): [before: Buffer, start: Buffer, stop: Buffer] {
  const bodies = Array.from({ length: COPY_SIZE }, (_none, index) => bodyAt(2 * COPY_SIZE + index));
  const start = bodies.find((body, index) => index > COPY_SIZE / 2 && payloadOf(body).name === 'db-start')!;
  const { trace_id } = payloadOf(start);
  const stop = bodies.find((body) => payloadOf(body).trace_id === trace_id && body !== start)!;
  return [bodies[bodies.indexOf(start) - 1]!, start, stop];
}

function payloadOf(body: Buffer): { readonly name: string; readonly trace_id: string } {
  return JSON.parse(body.toString()).payload;
}

async function untilSettled(isSettled: () => boolean): Promise<void> {
  while (!isSettled()) await settled();
}
