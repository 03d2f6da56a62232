import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import type { CommandContext } from '../../../src/cli/context.js';
import { servePage, wantsPage } from '../../../src/cli/demo/serve.js';
import { BridgeError } from '../../../src/errors.js';
import { loadSettings } from '../../../src/settings/config.js';
import type { Settings } from '../../../src/settings/settings.js';
import { PageFeed } from '../../../src/trace-view/page/feed.js';
import { RememberingLog } from '../../support/receiving.js';
import { taken, traceIdOf } from '../../trace-view/page/traces.js';

async function settingsOf(env: NodeJS.ProcessEnv): Promise<Settings> {
  return (await loadSettings({ command: 'demo', flags: new Map(), env })).settings;
}

interface Scene {
  readonly context: CommandContext;
  readonly stdout: PassThrough;
  stop(): void;
}

function scene(isTTY: boolean, env: NodeJS.ProcessEnv = {}): Scene {
  const stdout = new PassThrough();
  let stop = () => {};
  const context: CommandContext = {
    log: new RememberingLog(),
    stdout: Object.assign(stdout, { isTTY }) as unknown as NodeJS.WriteStream,
    stderr: process.stderr,
    stdin: { isTTY } as NodeJS.ReadStream,
    env,
    onStopSignal: (handler) => {
      stop = () => handler('SIGINT');
    },
  };
  return { context, stdout, stop: () => stop() };
}

describe('wantsPage', () => {
  const wants = async (isTTY: boolean, env: NodeJS.ProcessEnv) =>
    wantsPage(await settingsOf(env), scene(isTTY, env).context);

  it('is so where somebody sits at a terminal, and not in a script or in CI', async () => {
    assert.equal(await wants(true, {}), true);
    assert.equal(await wants(false, {}), false);
    assert.equal(await wants(true, { CI: 'true' }), false);
  });

  it('is as the settings say', async () => {
    assert.equal(await wants(false, { OSPROFILER_BRIDGE_SERVE: 'true' }), true);
    assert.equal(await wants(true, { OSPROFILER_BRIDGE_SERVE: 'false' }), false);
    assert.equal(await wants(false, { OSPROFILER_BRIDGE_LISTEN: '127.0.0.1:0' }), true);
    assert.equal(await wants(true, { OSPROFILER_BRIDGE_LISTEN: 'none' }), false);
  });
});

describe('servePage', () => {
  it('prints the address of the trace, and serves it until it is told to stop', async () => {
    const feed = new PageFeed({ backend: 'nowhere' });
    feed.observe(taken({ id: 1, name: 'GET /servers' }));
    const { context, stdout, stop } = scene(false);
    const settings = await settingsOf({ OSPROFILER_BRIDGE_LISTEN: '127.0.0.1:0' });
    const serving = servePage(feed, settings, context);
    const [printed] = (await once(stdout, 'data')) as [Buffer];
    const url = /http:\S+/.exec(printed.toString('utf8'))?.[0] ?? '';
    assert.match(url, new RegExp(`/traces/${traceIdOf(1)}$`));
    const answer = await fetch(url);
    assert.match(await answer.text(), /GET \/servers/);
    stop();
    await serving;
    await assert.rejects(fetch(url));
  });

  it('says when it cannot listen where it was told to', async () => {
    const settings = await settingsOf({ OSPROFILER_BRIDGE_LISTEN: '192.0.2.1:1' });
    const { context } = scene(false);
    await assert.rejects(
      servePage(new PageFeed({ backend: 'nowhere' }), settings, context),
      (error) => error instanceof BridgeError && error.code === 'LISTEN_FAILED',
    );
  });
});
