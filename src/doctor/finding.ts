/** What a check found, and how it is shown. */
import type { Explanation } from '../rabbitmq/hints.js';
import { redactUrls } from '../settings/redact.js';

/**
 * - `ok`: as it should be.
 * - `warn`: worth knowing; the bridge works all the same.
 * - `fail`: has to be put right.
 * - `skipped`: not looked at; the detail says because of what.
 */
export type Finding =
  | { readonly status: 'ok' | 'skipped'; readonly detail: string }
  | { readonly status: 'warn' | 'fail'; readonly detail: string; readonly remedy: string };

export type Status = Finding['status'];

/** A finding with what was looked at: `broker rabbit:5672`, `login`. */
export type Line = Finding & { readonly where: string; readonly check: string };

export function ok(detail: string): Finding {
  return { status: 'ok', detail };
}

export function skipped(because: string): Finding {
  return { status: 'skipped', detail: `because ${because}` };
}

export function warn(detail: string, remedy: string): Finding {
  return { status: 'warn', detail, remedy };
}

export function fail(detail: string, remedy: string): Finding {
  return { status: 'fail', detail, remedy };
}

export function failFor({ reason, hint }: Explanation): Finding {
  return fail(reason, hint);
}

const WIDTH = Math.max(...(['ok', 'warn', 'fail', 'skipped'] satisfies Status[]).map(({ length }) => length));

/** One line, without its end. No user info of any URL is in it. */
export function formatLine(line: Line): string {
  const remedy = 'remedy' in line ? ` → ${line.remedy}` : '';
  const text = `${line.status.padEnd(WIDTH)}  ${line.where}: ${line.check}: ${line.detail}${remedy}`;
  return redactUrls(text.replace(/\s+/g, (space) => (/^ +$/.test(space) ? space : ' ')));
}

/** For scripts. `ok` says that nothing failed. */
export function formatJson(lines: readonly Line[]): string {
  const checks = lines.map((line) => ({
    status: line.status,
    where: line.where,
    check: line.check,
    detail: redactUrls(line.detail),
    ...('remedy' in line ? { remedy: line.remedy } : {}),
  }));
  return JSON.stringify({ ok: lines.every(({ status }) => status !== 'fail'), checks }, undefined, 2);
}
