import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { execute } from '../../../src/cli/commands/demo.js';
import type { CommandContext } from '../../../src/cli/context.js';
import { OtlpReceiver } from '../../../src/cli/demo/otlp-receiver.js';
import type { Log } from '../../../src/contracts.js';
import { BridgeError } from '../../../src/errors.js';
import { loadSettings } from '../../../src/settings/config.js';

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };
/** Written anew by `COLUMNS=80 osprofiler-otel-bridge demo`, but for its last two lines. */
const PAGE = join(process.cwd(), 'test', 'fixtures', 'demo-80.txt');

interface Run {
  readonly status: number | BridgeError;
  readonly printed: string;
}

async function demo(env: NodeJS.ProcessEnv = {}): Promise<Run> {
  const { settings } = await loadSettings({ command: 'demo', flags: new Map(), env });
  const stdout = new PassThrough();
  const printed = text(stdout);
  const context: CommandContext = {
    log: SILENT,
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: process.stderr,
    stdin: process.stdin,
    env,
    onStopSignal() {},
  };
  const status = await execute(settings, context).catch((error: unknown) => {
    if (error instanceof BridgeError) return error;
    throw error;
  });
  stdout.end();
  return { status, printed: await printed };
}

describe('demo', () => {
  it('shows the recorded boot as a tree, in 80 columns without colour', async () => {
    const { status, printed } = await demo();
    assert.equal(status, 0);
    const page = printed.split('\n').slice(0, -3).join('\n');
    assert.equal(`${page}\n`, readFileSync(PAGE, 'utf8'));
    assert.match(printed, /\n {2}Read, paired, mapped and sent over OTLP\/HTTP to this process in .+\.\n$/);
  });

  it('shows every span with --sql, and colours when forced to', async () => {
    const { printed } = await demo({ OSPROFILER_BRIDGE_SQL: 'true', FORCE_COLOR: '1', COLUMNS: '160' });
    const lines = printed.split('\n');
    assert.equal(lines.filter((line) => /[├└].*[●○·≡]/.test(line)).length, 1_762);
    assert.match(printed, /\u001b\[/);
  });

  it('shows no secret of the recording', async () => {
    const { printed } = await demo({ OSPROFILER_BRIDGE_SQL: 'true', COLUMNS: '240' });
    assert.doesNotMatch(printed, /\$2[aby]\$\d\d\$|gAAAA[\w-]{20}/);
  });

  it('sends the trace on to a backend that is named, as if it ended just now', async () => {
    const backend = new OtlpReceiver();
    const url = await backend.listen();
    const before = Date.now() * 1000;
    const { status, printed } = await demo({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url });
    await backend.close();
    assert.equal(status, 0);
    assert.equal(backend.spans.length, 1_762);
    const last = backend.spans.reduce((latest, { endMicros }) => Math.max(latest, endMicros), 0);
    assert.ok(last >= before && last <= Date.now() * 1000);
    assert.match(printed, /1,762 spans taken\. Look for trace [0-9a-f]{32}\.\n$/);
  });

  it('says when that backend does not take the trace, having shown it all the same', async () => {
    const backend = new OtlpReceiver();
    const url = await backend.listen();
    await backend.close();
    const { status, printed } = await demo({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url,
      OSPROFILER_BRIDGE_DRAIN_TIMEOUT: '500ms',
    });
    assert.ok(status instanceof BridgeError);
    assert.equal(status.code, 'NOT_ALL_TAKEN');
    assert.equal(status.exitStatus, 4);
    assert.match(status.message, /took 0 of 1,762 spans within 500ms/);
    assert.match(printed, /nova-conductor/);
  });
});
