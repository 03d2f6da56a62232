/** The tree as lines: who called whom, when, for how long, and how it lies in time. Pure. */

import { formatMicros } from '../format.js';
import { type Folding, type Row, rowsOf, startOf, timeOf } from '../rows.js';
import { errorText } from '../span.js';
import type { Trace } from '../trace.js';
import { labelOf } from './label.js';
import type { Palette } from './palette.js';
import { cut, fit, paint, printable, type Segment, widthOf } from './text.js';

export interface RenderOptions {
  /** Width in characters, at least 40. */
  readonly columns: number;
  readonly colour: boolean;
  /** Every span in a line of its own, the SQL statements with their text. */
  readonly unfoldSql: boolean;
}

/** So many SQL summaries of one parent have a row of their own. */
const MOST_SUMMARIES = 3;
/** A call is brief when it takes less than this part of the whole trace. */
const BRIEF_PART = 1 / 500;
const MARK = '▌ ';
const AMOUNT_WIDTH = 8;
/** Without a bar below this many columns. */
const BAR_FROM_COLUMNS = 64;
const BAR_PART = 1 / 6;
const MAX_BAR_WIDTH = 48;

interface Layout {
  readonly labels: number;
  readonly bar: number;
}

/** A row on its way to the page. */
interface Placed {
  readonly row: Row;
  /** The guides of its ancestors. */
  readonly guides: string;
  readonly isLast: boolean;
  readonly service: string | undefined;
}

export class TreeRenderer {
  private readonly layout: Layout;
  private readonly folding: Folding;

  constructor(
    private readonly tree: Trace,
    private readonly palette: Palette,
    private readonly options: RenderOptions,
  ) {
    const bar =
      options.columns < BAR_FROM_COLUMNS
        ? 0
        : Math.min(MAX_BAR_WIDTH, Math.floor(options.columns * BAR_PART));
    const besides = MARK.length + 2 * AMOUNT_WIDTH + (bar === 0 ? 0 : bar + 1);
    this.layout = { labels: options.columns - besides, bar };
    const briefMicros = (tree.lastMicros - tree.startMicros) * BRIEF_PART;
    this.folding = { briefMicros, summaries: MOST_SUMMARIES, countsBriefStatements: true };
  }

  *lines(): Generator<string> {
    yield this.header();
    const waiting = this.place(this.tree.roots, '', undefined);
    for (let placed = waiting.pop(); placed !== undefined; placed = waiting.pop()) {
      const { row, isLast, guides } = placed;
      const inner = this.indented(guides + (isLast ? '  ' : '│ '));
      yield this.line(placed);
      const failed = row.nodes[0]!.span;
      if (failed.error !== undefined)
        yield this.errorLine(printable(errorText(failed)), inner, row.below.length > 0);
      const service = row.nodes.at(-1)!.span.service;
      for (const next of this.place(row.below, inner, service)) waiting.push(next);
    }
  }

  /** The last row first: the page is a stack. */
  private place(siblings: Row['below'], guides: string, service: string | undefined): Placed[] {
    const rows = rowsOf(siblings, service, this.options.unfoldSql ? undefined : this.folding);
    return rows.map((row, index) => ({ row, guides, isLast: index === rows.length - 1, service })).reverse();
  }

  /** Deeper than half the column the outermost guides go, so that names stay readable. */
  private indented(guides: string): string {
    const most = Math.floor(this.layout.labels / 4) * 2;
    return guides.length > most ? guides.slice(guides.length - most) : guides;
  }

  private header(): string {
    const { startMicros, lastMicros } = this.tree;
    const { labels, bar } = this.layout;
    const end = formatMicros(lastMicros - startMicros);
    const scale = bar === 0 ? '' : ` ${`0${end.padStart(bar - 1)}`}`;
    const text = `${' '.repeat(MARK.length + labels)}${amount('start')}${amount('time')}${scale}`;
    return paint([{ text, styles: ['dim'] }], this.options.colour);
  }

  private line({ row, guides, isLast, service }: Placed): string {
    const { palette, options, tree, layout } = this;
    const { briefMicros } = this.folding;
    const isSlowest = row.nodes.some((node) => tree.slowest.has(node));
    const lead = `${guides}${isLast ? '└ ' : '├ '}`;
    const showsStatements = options.unfoldSql;
    const labelOptions = { service, palette, isSlowest, showsStatements, briefMicros };
    const label = labelOf(row, layout.labels - lead.length, labelOptions);
    const segments: Segment[] = [
      { text: isSlowest ? MARK : ' '.repeat(MARK.length), styles: ['bold', 'yellow'] },
      ...fit([{ text: lead, styles: ['dim'] }, ...label], layout.labels),
      { text: amount(formatMicros(startOf(row) - tree.startMicros)), styles: ['dim'] },
      { text: amount(formatMicros(timeOf(row))), styles: isSlowest ? ['bold'] : [] },
      ...this.bar(row, isSlowest),
    ];
    return paint(segments, options.colour);
  }

  /** Where the row lies in the trace's time: broken where a group has pauses, and for what a span sets off. */
  private bar(row: Row, isSlowest: boolean): Segment[] {
    const { bar: width } = this.layout;
    if (width === 0) return [];
    const { startMicros, lastMicros } = this.tree;
    const { span, lastMicros: rowLastMicros } = row.nodes[0]!;
    const cells = (micros: number) =>
      ((micros - startMicros) * width) / Math.max(1, lastMicros - startMicros);
    const { isGroup } = row;
    const from = Math.min(width - 1, Math.floor(cells(startOf(row))));
    const to = Math.min(width, Math.max(from + 1, Math.round(cells(isGroup ? endOf(row) : span.endMicros))));
    const tail = isGroup ? 0 : Math.max(0, Math.round(cells(rowLastMicros)) - to);
    const stroke = isGroup ? '┄' : isSlowest ? '━' : '─';
    const colour = span.error === undefined ? this.palette.get(span.service) : 'red';
    const text = stroke.repeat(to - from) + '┄'.repeat(tail);
    return [{ text: ` ${' '.repeat(from)}` }, { text, styles: colour === undefined ? [] : [colour] }];
  }

  private errorLine(text: string, guides: string, hasBelow: boolean): string {
    const lead = `${' '.repeat(MARK.length)}${guides}${hasBelow ? '│ ' : '  '}`;
    const words = cut(`✗ ${text}`, this.options.columns - widthOf(lead));
    return paint(
      [
        { text: lead, styles: ['dim'] },
        { text: words, styles: ['red'] },
      ],
      this.options.colour,
    );
  }
}

/** Microseconds since the epoch. */
function endOf({ nodes }: Row): number {
  return nodes.reduce((end, { span }) => Math.max(end, span.endMicros), 0);
}

function amount(text: string): string {
  return text.padStart(AMOUNT_WIDTH);
}
