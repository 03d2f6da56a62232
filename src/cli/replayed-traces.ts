/** Which traces replay exported, for links to them. */
import { traceIdOf } from '../encoded-span.js';
import type { Sent } from '../export/observed-sink.js';
import { linkTo } from '../trace-view/trace-link.js';

/** More are counted and not listed. */
const MAX_LISTED = 100;

export class ReplayedTraces {
  readonly #ids = new Set<string>();
  #isTruncated = false;

  /** @param uiUrl without it traces are listed in JSON only */
  constructor(private readonly uiUrl: string | undefined) {}

  observe({ spans, outcome }: Sent): void {
    if (outcome.kind !== 'accepted') return;
    for (const span of spans) {
      const traceId = traceIdOf(span);
      if (this.#ids.size < MAX_LISTED) this.#ids.add(traceId);
      else this.#isTruncated ||= !this.#ids.has(traceId);
    }
  }

  /** A line for each trace. */
  toString(): string {
    const { uiUrl } = this;
    if (uiUrl === undefined) return '';
    const lines = [...this.#ids].map((id) => `trace          ${id}  ${linkTo(uiUrl, id)}\n`);
    return lines.join('') + (this.#isTruncated ? `trace          … and more than these ${MAX_LISTED}\n` : '');
  }

  toJSON(): { traces: readonly object[]; tracesTruncated: boolean } {
    const { uiUrl } = this;
    const traces = [...this.#ids].map((traceId) => ({
      traceId,
      ...(uiUrl === undefined ? {} : { url: linkTo(uiUrl, traceId) }),
    }));
    return { traces, tracesTruncated: this.#isTruncated };
  }
}
