/**
 * Bars on the time axis. Places and lengths are attributes of SVG, since the page's policy allows no style attribute.
 * Pure.
 */
import { html } from 'hono/html';
import type { PathPiece } from '../critical-path.js';
import type { Trace, TraceNode } from '../trace.js';
import type { Html } from './layout.js';

/** What a bar with pauses is drawn in, at most: more could not be told apart. */
const MOST_PIECES = 120;
/** A part of the whole time. */
const VISIBLE = 0.004;

/** One span's bar; thinner, what it set off and did not wait for. */
export function barOf(node: TraceNode, tree: Trace, slot: number, path: readonly PathPiece[] = []): Html {
  const { span, lastMicros } = node;
  const { startMicros, endMicros, error, incomplete, isOpen } = span;
  const from = share(startMicros, tree);
  const to = share(endMicros, tree);
  const last = share(lastMicros, tree);
  const mark = isOpen ? ' open' : error ? ' failed' : incomplete !== undefined ? ' incomplete' : '';
  return frame(
    html`${
      last - to > VISIBLE
        ? html`<rect class="tail s${slot}" x="${percent(to)}" y="8" width="${percent(last - to)}" height="2"/>`
        : ''
    }<rect class="s${slot}${mark}" x="${percent(from)}" y="3" width="${percent(to - from)}" height="12" rx="2"/>${pathPieces(path, tree)}`,
  );
}

/** Where the request waited for it, as a line below the bar. */
function pathPieces(path: readonly PathPiece[], tree: Trace): Html[] {
  return merged(path.map(({ from, to }) => [share(from, tree), share(to, tree)])).map(
    ([from, to]) =>
      html`<rect class="path" x="${percent(from)}" y="16.5" width="${percent(to - from)}" height="2"/>`,
  );
}

/** One bar for many, broken where none of them ran. @param nodes by start */
export function busyBarOf(
  nodes: readonly TraceNode[],
  tree: Trace,
  slot: number,
  path: readonly PathPiece[] = [],
): Html {
  const pieces = merged(
    nodes.map(({ span }) => [share(span.startMicros, tree), share(span.endMicros, tree)]),
  );
  const from = pieces[0]?.[0] ?? 0;
  const to = pieces.at(-1)?.[1] ?? 0;
  return frame(
    html`<rect class="tail s${slot}" x="${percent(from)}" y="8" width="${percent(to - from)}" height="2"/>${pieces.map(
      ([start, end]) =>
        html`<rect class="many s${slot}" x="${percent(start)}" y="4" width="${percent(end - start)}" height="10"/>`,
    )}${pathPieces(path, tree)}`,
  );
}

/** The time axis: five moments. */
export function axis({ startMicros, lastMicros }: Trace, show: (micros: number) => string): Html {
  const length = lastMicros - startMicros;
  return html`<ol class="axis">${[0, 0.25, 0.5, 0.75, 1].map((part) => html`<li>${show(Math.round(length * part))}</li>`)}</ol>`;
}

/** Pieces nearer to each other than could be seen become one. @param pieces by start */
function merged(pieces: readonly (readonly [number, number])[]): [number, number][] {
  const some: [number, number][] = [];
  for (const [start, end] of pieces) {
    const last = some.at(-1);
    if (last !== undefined && start - last[1] < 1 / MOST_PIECES) last[1] = Math.max(last[1], end);
    else some.push([start, end]);
  }
  return some;
}

function frame(shapes: Html): Html {
  return html`<svg width="100%" height="19" aria-hidden="true">${shapes}</svg>`;
}

/** Where a moment lies in the trace's time, from 0 to 1. */
function share(micros: number, { startMicros, lastMicros }: Trace): number {
  return (micros - startMicros) / Math.max(1, lastMicros - startMicros);
}

function percent(part: number): string {
  return `${Math.round(part * 100_000) / 1000}%`;
}
