/** The packed package in a project with SDK 2.x: ES modules, CommonJS and strict types, on each line of Node. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Project, RECORDED } from './project.js';

const NODES = ['20.19', '22', '24'];

describe('the installed package', () => {
  let project: Project;

  before(async () => {
    const packages = ['@opentelemetry/api@~1.9.0', '@opentelemetry/sdk-trace-base@^2.12.0', '@types/node@20'];
    project = await Project.install(packages, NODES);
    for (const file of ['translate.mjs', 'translate.cjs', 'cost.mjs']) await project.copy(file);
  });
  after(() => project?.remove());

  for (const version of NODES) {
    it(`translates a recording on Node ${version}, imported and required`, async (test) => {
      const node = project.node(version);
      if (node === undefined) return;
      for (const file of ['translate.mjs', 'translate.cjs']) {
        const { notifications, spans } = await project.run(node, file, project.recording);
        assert.deepEqual({ notifications, spans }, RECORDED, file);
      }
      const { handles, ...cost } = await project.run(node, 'cost.mjs');
      test.diagnostic(`Node ${version}: importing costs ${JSON.stringify(cost)}`);
      assert.deepEqual(handles, [], 'importing starts nothing');
    });
  }

  it('has types for strict projects of every kind, libraries checked too', async () => {
    await project.copy('typed.ts', 'typed.mts');
    await project.copy('typed.ts', 'typed.cts');
    await project.copy('typed.ts');
    await project.copy('sdk2-types.ts', 'sdk-types.ts');
    await project.copy('amqplib-types.ts');
    // The strictest: under nodenext CommonJS code may import what is typed as an ES module.
    const node16 = { module: 'node16', moduleResolution: 'node16' };
    assert.equal(await project.typecheck(node16, ['typed.mts', 'typed.cts']), '', 'node16');
    const bundled = { module: 'preserve', moduleResolution: 'bundler' };
    assert.equal(await project.typecheck(bundled, ['typed.ts']), '', 'bundler');
  });
});
