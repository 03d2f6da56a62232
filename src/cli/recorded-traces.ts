/** The traces in recordings, by the same way that notifications from RabbitMQ take, but to nowhere. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sink } from '../contracts.js';
import { BridgeError, messageOf } from '../errors.js';
import { RecordingReceiver } from '../recordings/recording.js';
import type { Settings } from '../settings/settings.js';
import { windowOf } from '../sidecar/assemble.js';
import { readExported } from '../trace-view/encoded-spans.js';
import type { Span } from '../trace-view/span.js';
import { buildTrace, type Trace } from '../trace-view/trace.js';
import type { CommandContext } from './context.js';
import { carry } from './demo/journey.js';

/**
 * In the order of their first spans.
 * @param paths files, `-` for stdin, and directories, of which all files are read
 * @throws BridgeError INPUT_UNREADABLE
 */
export async function recordedTraces(
  paths: readonly string[],
  settings: Settings,
  { log, stdin }: CommandContext,
): Promise<Trace[]> {
  const traces = new Map<string, Span[]>();
  const sink: Sink = {
    send: async (spans) => {
      for (const exported of spans) {
        const span = readExported(exported);
        if (span === undefined) continue;
        const known = traces.get(span.traceId);
        if (known === undefined) traces.set(span.traceId, [span]);
        else known.push(span);
      }
      return { kind: 'accepted' };
    },
    close: async () => {},
  };
  const files = (await Promise.all(paths.map(filesOf))).flat();
  const receiver = new RecordingReceiver({ files, stdin, window: windowOf(settings), log });
  const translate = { ...settings.translate, rootSpan: false };
  await carry({ settings: { ...settings, translate }, log, receiver, sink });
  return [...traces.values()].map(buildTrace);
}

async function filesOf(path: string): Promise<string[]> {
  if (path === '-') return [path];
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = await readdir(path);
    return names.sort().map((name) => join(path, name));
  } catch (error) {
    throw new BridgeError('INPUT_UNREADABLE', `${path}: ${messageOf(error)}`);
  }
}
