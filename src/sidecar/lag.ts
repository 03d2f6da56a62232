/** How long spans took from their end to the backend, in seconds. */
export interface Lag {
  readonly mean: number;
  readonly max: number;
}

export class LagMeter {
  #count = 0;
  #sum = 0;
  #max = 0;

  add(seconds: number): void {
    this.#count++;
    this.#sum += seconds;
    this.#max = Math.max(this.#max, seconds);
  }

  /** Since the last call; undefined when nothing was accepted. */
  take(): Lag | undefined {
    const lag = this.#count === 0 ? undefined : { mean: this.#sum / this.#count, max: this.#max };
    this.#count = this.#sum = this.#max = 0;
    return lag;
  }
}
