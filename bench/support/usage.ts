/** What a process uses, read from Linux' /proc. */
import { readFileSync } from 'node:fs';

/** Linux counts CPU time in hundredths of a second for whoever reads it, whatever the kernel's own tick is. */
const TICKS_PER_SECOND = 100;
const FIRST_AFTER_NAME = 3;
const UTIME = 14;
const STIME = 15;

/** Seconds of CPU, user and system, that a process and all its threads have used. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name in parentheses may hold blanks; what follows does not.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[UTIME - FIRST_AFTER_NAME]) + Number(fields[STIME - FIRST_AFTER_NAME]);
  return ticks / TICKS_PER_SECOND;
}

/** Bytes: the resident set now, and the largest it has been. */
export function memory(pid: number): { readonly rss: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return { rss: bytesOf(status, 'VmRSS'), peak: bytesOf(status, 'VmHWM') };
}

function bytesOf(status: string, field: string): number {
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  return Number(kibibytes) * 1024;
}
