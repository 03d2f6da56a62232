/** Reads Prometheus' text format 0.0.4, as far as the bridge serves it. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export class Scrape {
  readonly samples: readonly Sample[];
  /** What `# TYPE` says, by name. */
  readonly types: ReadonlyMap<string, string>;

  /** Throws on a line that is none of the format. */
  constructor(readonly text: string) {
    const lines = text.split('\n').filter((line) => line !== '');
    this.samples = lines.filter((line) => !line.startsWith('#')).map(readSample);
    this.types = new Map(
      lines
        .filter((line) => line.startsWith('# TYPE '))
        .map((line) => line.slice('# TYPE '.length).split(' ') as [string, string]),
    );
  }

  /** Sums the samples of a name that have these labels. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.samples
      .filter((sample) => sample.name === name)
      .filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
      .reduce((sum, { value }) => sum + value, 0);
  }

  has(name: string): boolean {
    return this.samples.some((sample) => sample.name === name);
  }

  /** What the accounting identity leaves over; 0 when it holds. */
  get unaccounted(): number {
    return (
      this.sum('osprofiler_bridge_notifications_received_total') -
      this.sum('osprofiler_bridge_notifications_processed_total') -
      this.sum('osprofiler_bridge_notifications_unacknowledged')
    );
  }
}

const SAMPLE = /^(?<name>[a-z_:][\w:]*)(?:\{(?<labels>.*)\})? (?<value>\S+)$/i;
const LABEL = /([a-z_]\w*)="((?:[^"\\]|\\.)*)"/gi;

function readSample(line: string): Sample {
  const { name, labels = '', value } = SAMPLE.exec(line)?.groups ?? {};
  if (name === undefined || value === undefined) throw new Error(`no sample: ${line}`);
  const pairs = [...labels.matchAll(LABEL)].map(([, key, text]) => [key!, text!] as const);
  const number = value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value);
  if (Number.isNaN(number)) throw new Error(`no number: ${line}`);
  return { name, labels: Object.fromEntries(pairs), value: number };
}

/** Scrapes a server. Throws unless it answers 200. */
export async function scrapeFrom(url: string): Promise<Scrape> {
  const response = await fetch(`${url}/metrics`);
  if (!response.ok) throw new Error(`/metrics answers ${response.status}`);
  return new Scrape(await response.text());
}
