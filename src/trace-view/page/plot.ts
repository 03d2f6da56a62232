/** Readings → the paths of a small plot, as SVG's `d` has them. Pure. */
import type { Reading } from './history.js';

export const PLOT_WIDTH = 300;
export const PLOT_HEIGHT = 44;
/** So that a line at the top or bottom is not cut. */
const MARGIN = 2;

export interface Plot {
  readonly line: string;
  /** The line closed along the bottom. */
  readonly area: string;
  /** What the top stands for; 0 without readings. */
  readonly top: number;
}

/** @param slots how many readings the width holds; the last reading is at the right. */
export function plotOf(readings: readonly Reading[], slots: number): Plot {
  const shown = readings.slice(-slots);
  const top = shown.reduce<number>((highest, reading) => Math.max(highest, reading ?? 0), 0);
  const step = PLOT_WIDTH / Math.max(1, slots - 1);
  const first = PLOT_WIDTH - (shown.length - 1) * step;
  const runs = runsOf(shown).map((run) =>
    run.map(([index, value]) => `${round(first + index * step)} ${round(height(value, top))}`),
  );
  const drawn = runs.filter((run) => run.length > 1);
  return {
    line: drawn.map((points) => `M${points.join('L')}`).join(''),
    area: drawn.map((points) => `M${close(points).join('L')}Z`).join(''),
    top,
  };
}

/** Neighbours that are known, with their places. */
function runsOf(readings: readonly Reading[]): (readonly [number, number])[][] {
  const runs: (readonly [number, number])[][] = [[]];
  readings.forEach((reading, index) => {
    if (reading === undefined) runs.push([]);
    else runs.at(-1)!.push([index, reading]);
  });
  return runs;
}

function close(points: readonly string[]): string[] {
  const x = (point: string) => point.split(' ')[0]!;
  return [`${x(points[0]!)} ${PLOT_HEIGHT}`, ...points, `${x(points.at(-1)!)} ${PLOT_HEIGHT}`];
}

function height(value: number, top: number): number {
  const room = PLOT_HEIGHT - 2 * MARGIN;
  return PLOT_HEIGHT - MARGIN - (top === 0 ? 0 : (value / top) * room);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
