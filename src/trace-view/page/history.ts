/** Five minutes of figures, a sample each second, for the page's plots. Pure: the caller has the clock. */

export interface Sample {
  /** Milliseconds of a monotonic clock. */
  readonly at: number;
  /** Notifications so far. */
  readonly received: number;
  /** Spans accepted so far. */
  readonly spans: number;
  /** Milliseconds from a span's end until the backend had it, the longest since the last sample; absent without spans. */
  readonly lagMs?: number;
  readonly unacknowledged: number;
  /** Messages in the queues; absent where it is not known. */
  readonly queued?: number;
}

/** Undefined where it is not known. */
export type Reading = number | undefined;

const MOST_SAMPLES = 300;
/** What "now" is an average over, in samples. */
const RECENT = 5;

export class History {
  private samples: Sample[] = [];

  add(sample: Sample): void {
    this.samples.push(sample);
    if (this.samples.length > MOST_SAMPLES) this.samples.shift();
  }

  get length(): number {
    return this.samples.length;
  }

  /** A second's increase, between each two samples. */
  rates(of: 'received' | 'spans'): Reading[] {
    return this.samples.slice(1).map((sample, index) => rate(this.samples[index]!, sample, of));
  }

  /** As they were sampled. */
  values(of: 'lagMs' | 'unacknowledged' | 'queued'): Reading[] {
    return this.samples.map((sample) => sample[of]);
  }

  /** A second's increase over the last few samples. */
  recentRate(of: 'received' | 'spans'): Reading {
    const recent = this.samples.slice(-RECENT - 1);
    return recent.length < 2 ? undefined : rate(recent[0]!, recent.at(-1)!, of);
  }

  /** The last one that is known. */
  last(of: 'lagMs' | 'unacknowledged' | 'queued'): Reading {
    return this.samples.findLast((sample) => sample[of] !== undefined)?.[of];
  }
}

function rate(from: Sample, to: Sample, of: 'received' | 'spans'): number {
  return to.at <= from.at ? 0 : Math.max(0, ((to[of] - from[of]) * 1000) / (to.at - from.at));
}
