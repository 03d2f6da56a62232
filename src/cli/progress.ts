/** A progress bar on a terminal, and nothing in a pipe. */

const BAR_WIDTH = 40;
/** A terminal shows no more. */
const MIN_MS_BETWEEN_UPDATES = 100;

export class ProgressBar {
  #begun: number | undefined;
  #drawn = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly stream: NodeJS.WriteStream,
    private readonly isShown: boolean,
  ) {}

  /** @param total bytes; undefined when the end is not known (standard input). */
  update(bytes: number, total: number | undefined): void {
    const now = performance.now();
    if (!this.isShown || !total || now - this.#drawn < MIN_MS_BETWEEN_UPDATES) return;
    this.#begun ??= now;
    this.#drawn = now;
    const part = Math.min(bytes / total, 1);
    const bar = '█'.repeat(Math.round(part * BAR_WIDTH)).padEnd(BAR_WIDTH, '░');
    const left = Math.round(((now - this.#begun) * (1 - part)) / part / 1000);
    const text = `replay ${bar} ${Math.floor(part * 100)} %  ${(bytes / 1e6).toFixed(1)} MB  ${left} s left`;
    this.stream.write(`\r\x1b[K${text.slice(0, (this.stream.columns ?? 80) - 1)}`);
  }

  /** Removes it. */
  end(): void {
    if (this.#begun !== undefined) this.stream.write('\r\x1b[K');
  }
}
