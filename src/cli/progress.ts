/** A progress bar on a terminal, and nothing in a pipe. */
import cliProgress from 'cli-progress';

export class ProgressBar {
  private readonly bar: cliProgress.SingleBar | undefined;

  constructor(stream: NodeJS.WriteStream, isShown: boolean) {
    if (!isShown) return;
    this.bar = new cliProgress.SingleBar({
      stream,
      format: 'replay [{bar}] {percentage} %  {megabytes} MB  {eta_formatted} left',
      hideCursor: true,
      clearOnComplete: true,
    });
  }

  /** @param total bytes; undefined when the end is not known (standard input). */
  update(bytes: number, total: number | undefined): void {
    if (this.bar === undefined || total === undefined || total === 0) return;
    const payload = { megabytes: (bytes / 1e6).toFixed(1) };
    if (!this.bar.isActive) this.bar.start(total, 0, payload);
    this.bar.update(bytes, payload);
  }

  end(): void {
    this.bar?.stop();
  }
}
