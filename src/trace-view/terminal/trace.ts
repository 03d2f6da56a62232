/** A whole trace as a page of text: what was done, the tree, the totals. Pure. */
import { formatCount, formatMicros, plural } from '../format.js';
import { totalsByService } from '../services.js';
import type { Span } from '../span.js';
import { buildTrace, type Trace } from '../trace.js';
import { GLYPHS, SQL_GLYPH } from './label.js';
import { paletteFor } from './palette.js';
import { cut, paint, printable, type Style } from './text.js';
import { renderTotals } from './totals.js';
import { type RenderOptions, TreeRenderer } from './tree.js';

/** Where the spans come from. */
export interface Provenance {
  /** What somebody typed to cause the trace. */
  readonly command: string;
  /** Notifications that the spans were made of. */
  readonly notifications: number;
}

/** @returns lines with a newline after each. The order of the spans does not matter, unless ids are repeated. */
export function renderTrace(spans: readonly Span[], from: Provenance, options: RenderOptions): string {
  const tree = buildTrace(spans);
  const palette = paletteFor(spans.map(({ service }) => service));
  const line = (text: string, ...styles: Style[]) =>
    paint([{ text: cut(text, options.columns), styles }], options.colour);
  const lines = [
    line(`$ ${printable(from.command)}`, 'bold'),
    line(`  trace ${traceIds(spans)}`),
    line(`  ${summary(tree, from, palette.size)}`),
    '',
    ...new TreeRenderer(tree, palette, options).lines(),
    '',
    line(`  ${legend(options)}`, 'dim'),
    '',
    ...renderTotals(totalsByService(tree.nodes), palette, options),
  ];
  return `${lines.join('\n')}\n`;
}

function traceIds(spans: readonly Span[]): string {
  return [...new Set(spans.map(({ traceId }) => printable(traceId)))].sort().join(', ');
}

function summary(
  { nodes, roots, startMicros, lastMicros }: Trace,
  from: Provenance,
  services: number,
): string {
  const facts = [
    `${formatCount(from.notifications)} notifications → ${plural(nodes.length, 'span')}`,
    plural(services, 'service'),
    plural(roots.length, 'root'),
    formatMicros(lastMicros - startMicros),
  ];
  return facts.join(', ');
}

function legend({ unfoldSql }: RenderOptions): string {
  const { server, client, internal } = GLYPHS;
  const glyphs = `▌ slowest path  ${server} serves  ${client} calls  ${internal} inner  ${SQL_GLYPH} SQL  ✗ error`;
  return unfoldSql ? glyphs : `${glyphs}  --sql unfolds all`;
}
