// @ts-check
/**
 * `npm run bench`: builds, starts a private broker and measures. Words select what is measured: `npm run bench -- drain
 * parts`; `--quick` measures less of it, `--smoke` only checks counts. See docs/performance.md.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build } from './build.mjs';
import { compile, fail, ROOT, say } from './install.mjs';
import { startPrivateBroker } from './private-broker.mjs';

build();
compile('tsconfig.json');
say('starting a private broker');
const broker = await startPrivateBroker({
  // A backlog of a million has to fit: the default alarm and paging are for machines that do nothing else.
  configuration: ['vm_memory_high_watermark.relative = 0.7'],
}).catch((error) => fail(error instanceof Error ? error.message : String(error)));

const child = spawn(
  process.execPath,
  ['--expose-gc', '--enable-source-maps', join(ROOT, 'build', 'bench', 'main.js'), ...process.argv.slice(2)],
  {
    cwd: ROOT,
    stdio: 'inherit',
    env: {
      ...process.env,
      OSPROFILER_BRIDGE_BENCH_AMQP_URL: broker.amqpUrl,
      OSPROFILER_BRIDGE_BENCH_MANAGEMENT_URL: broker.managementUrl,
    },
  },
);
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM']))
  process.on(signal, () => child.kill(signal));
const status = await new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)));
await broker.stop();
process.exit(status);
