/**
 * Load made of a real recording: a server's boot, over and over, each time with fresh ids, interleaved as it was. What
 * must come out of it is worked out here from what goes in, with no code of the bridge.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** A message to publish. */
export interface LoadMessage {
  readonly body: Buffer;
  /** The span's key, `<trace id>/<span id>`. */
  readonly key: string;
  readonly half: 'start' | 'stop';
}

/** What is known beforehand of a span. */
export interface ExpectedSpan {
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
}

interface RecordedHalf {
  readonly body: string;
  readonly baseId: string;
  readonly traceId: string;
  readonly parentId: string;
  readonly half: 'start' | 'stop';
  readonly nanos: bigint;
}

const RECORDING = join(process.cwd(), 'recordings', 'nova-server-boot.ndjson.gz');

export class RecordedLoad {
  /** The pairs whose halves were both taken, by key. */
  readonly pairs = new Map<string, ExpectedSpan>();
  private readonly halves: readonly RecordedHalf[] = readRecording();
  private position = 0;
  /** The halves that were taken and whose others were not. */
  private readonly open = new Map<string, RecordedHalf>();

  /**
   * @param seed which fresh ids: those of two seeds never meet.
   * @param boots how many servers boot at a time, in step.
   */
  constructor(
    private readonly seed: string,
    private readonly boots = 1,
  ) {}

  /** Halves taken so far. */
  get taken(): number {
    return this.position;
  }

  /** The next messages, as recorded. */
  take(count: number): LoadMessage[] {
    return Array.from({ length: count }, () => this.message(...this.at(this.position++)));
  }

  /** The missing halves of all that is open; the next messages begin new boots. */
  takeRest(): LoadMessage[] {
    const rest: LoadMessage[] = [];
    while (this.position % (this.halves.length * this.boots) !== 0) {
      const [copy, recorded] = this.at(this.position++);
      if (this.open.has(this.keyOf(copy, recorded.traceId))) rest.push(this.message(copy, recorded));
    }
    return rest;
  }

  /** Whole pairs, the halves of each next to each other. */
  takePairs(count: number): (readonly [start: LoadMessage, stop: LoadMessage])[] {
    const length = this.halves.length * this.boots;
    this.position = Math.ceil(this.position / length) * length;
    const taken: (readonly [LoadMessage, LoadMessage])[] = [];
    while (taken.length < count) {
      const [copy] = this.at(this.position);
      this.position += length;
      for (const recorded of this.halves.filter(({ half }) => half === 'start')) {
        if (taken.length === count) break;
        const stop = this.halves.find(
          ({ half, traceId }) => half === 'stop' && traceId === recorded.traceId,
        )!;
        taken.push([this.message(copy, recorded), this.message(copy, stop)]);
      }
    }
    return taken;
  }

  /** Which boot's message is at a position, and which of its messages. */
  private at(position: number): readonly [copy: number, recorded: RecordedHalf] {
    const { boots, halves } = this;
    const step = Math.floor(position / boots);
    const copy = Math.floor(step / halves.length) * boots + (position % boots);
    return [copy, halves[step % halves.length]!];
  }

  private message(copy: number, recorded: RecordedHalf): LoadMessage {
    const key = this.keyOf(copy, recorded.traceId);
    this.expect(key, recorded);
    const ids = [...new Set([recorded.baseId, recorded.traceId, recorded.parentId])];
    const text = ids.reduce((body, id) => body.replaceAll(id, this.fresh(copy, id)), recorded.body);
    return { body: Buffer.from(text), key, half: recorded.half };
  }

  private expect(key: string, recorded: RecordedHalf): void {
    const other = this.open.get(key);
    if (other === undefined) {
      this.open.set(key, recorded);
      return;
    }
    this.open.delete(key);
    const [start, stop] = recorded.half === 'stop' ? [other, recorded] : [recorded, other];
    const isBackwards = stop.nanos < start.nanos;
    this.pairs.set(key, {
      startTimeUnixNano: String(start.nanos),
      endTimeUnixNano: String(isBackwards ? start.nanos : stop.nanos),
    });
  }

  /** The 32 digits of the trace, and the last 16 of the trace point. */
  private keyOf(copy: number, traceId: string): string {
    const trace = hexOf(this.fresh(copy, this.halves[0]!.baseId));
    return `${trace}/${hexOf(this.fresh(copy, traceId)).slice(16)}`;
  }

  private fresh(copy: number, id: string): string {
    const hex = createHash('sha256').update(`${this.seed} ${copy} ${id}`).digest('hex');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
      '-',
    );
  }
}

/** The key of the span that a message of the load belongs to. */
export function keyOf(body: Buffer): string {
  const { payload } = JSON.parse(body.toString()) as { payload: Record<string, string> };
  return `${hexOf(payload['base_id']!)}/${hexOf(payload['trace_id']!).slice(16)}`;
}

function hexOf(uuid: string): string {
  return uuid.replaceAll('-', '');
}

function readRecording(): RecordedHalf[] {
  const lines = gunzipSync(readFileSync(RECORDING)).toString('utf8').trim().split('\n');
  return lines.map((line) => {
    const { body } = JSON.parse(line) as { body: string };
    const { payload } = JSON.parse(body) as { payload: Record<string, string> };
    return {
      body,
      baseId: payload['base_id']!,
      traceId: payload['trace_id']!,
      parentId: payload['parent_id']!,
      half: payload['name']!.endsWith('-start') ? 'start' : 'stop',
      nanos: toNanos(payload['timestamp']!),
    };
  });
}

/** `2026-11-22T07:16:10.147459`, UTC. */
function toNanos(stamp: string): bigint {
  const seconds = Date.parse(`${stamp.slice(0, 19)}Z`) / 1000;
  return BigInt(seconds) * 1_000_000_000n + BigInt(stamp.slice(20).padEnd(9, '0'));
}
