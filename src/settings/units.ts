/** Durations and sizes as people write them in settings. Results are whole milliseconds and whole bytes. */

const MILLISECONDS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Single letters count in 1,024s, as in the settings of nginx and the JVM; `kB` and its like are SI's 1,000s. */
const BYTES: Readonly<Record<string, number>> = {
  b: 1,
  k: 2 ** 10,
  ki: 2 ** 10,
  kib: 2 ** 10,
  kb: 1e3,
  m: 2 ** 20,
  mi: 2 ** 20,
  mib: 2 ** 20,
  mb: 1e6,
  g: 2 ** 30,
  gi: 2 ** 30,
  gib: 2 ** 30,
  gb: 1e9,
};

/**
 * Reads `250ms`, `30s`, `1.5m`, `1h` or `2d`.
 * @param bare whether a number without a unit is taken, as milliseconds (OpenTelemetry's variables are written so).
 * @returns milliseconds, or undefined when the text is not a duration of whole milliseconds.
 */
export function parseDuration(text: string, bare = false): number | undefined {
  return parseQuantity(text, MILLISECONDS, bare);
}

/** Reads `64MiB`, `512k`, `4096`; upper and lower case alike. @returns bytes, or undefined. */
export function parseSize(text: string): number | undefined {
  return parseQuantity(text.toLowerCase(), BYTES, true);
}

/** The shortest exact text: 3,600,000 is `1h`. {@link parseDuration} reads it back. */
export function formatDuration(milliseconds: number): string {
  return formatQuantity(milliseconds, ['d', 'h', 'm', 's'], MILLISECONDS) ?? `${milliseconds}ms`;
}

/** The shortest exact text: 67,108,864 is `64MiB`, 1,000 is `1000`. {@link parseSize} reads it back. */
export function formatSize(bytes: number): string {
  return formatQuantity(bytes, ['GiB', 'MiB', 'KiB'], BYTES) ?? String(bytes);
}

function parseQuantity(text: string, units: Readonly<Record<string, number>>, bare: boolean) {
  const parts = /^(\d{1,15}(?:\.\d{1,9})?) ?([a-z]*)$/.exec(text.trim());
  if (parts === null) return undefined;
  const unit = parts[2] === '' ? (bare ? 1 : undefined) : own(units, parts[2]!);
  if (unit === undefined) return undefined;
  // 4.35 * 100 is 434.99999999999994: round what binary fractions spoil, refuse what is truly not whole.
  const exact = Number(parts[1]) * unit;
  const whole = Math.round(exact);
  return Math.abs(exact - whole) < 1e-6 && Number.isSafeInteger(whole) ? whole : undefined;
}

function own(units: Readonly<Record<string, number>>, unit: string): number | undefined {
  return Object.hasOwn(units, unit) ? units[unit] : undefined;
}

function formatQuantity(amount: number, names: string[], units: Readonly<Record<string, number>>) {
  for (const name of names) {
    const unit = units[name.toLowerCase()]!;
    if (amount > 0 && amount % unit === 0) return `${amount / unit}${name}`;
  }
  return undefined;
}
