/** The packed package in a project with SDK 3.x, which needs Node 22.15 or newer. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { OtlpReceiver } from '../support/otlp-receiver.js';
import { Project, RECORDED } from './project.js';

const NODES = ['22', '24'];

describe('the installed package beside SDK 3.x', () => {
  let project: Project;
  let backend: OtlpReceiver;

  before(async () => {
    backend = await OtlpReceiver.start();
    const sdk = ['@opentelemetry/sdk-trace@^3.0.0', '@opentelemetry/exporter-trace-otlp-http@^0.301.0'];
    project = await Project.install(['@opentelemetry/api@^1.10.0', ...sdk, '@types/node@20'], NODES);
  });
  after(async () => {
    await backend.stop();
    await project?.remove();
  });

  for (const version of NODES) {
    for (const how of ['exporter', 'processor']) {
      it(`sends a recording through its ${how} on Node ${version}`, async () => {
        const node = project.node(version);
        if (node === undefined) return;
        await project.copy('sdk3.mjs');
        backend.clear();
        const url = `${backend.url}/v1/traces`;
        const done = await project.run(node, 'sdk3.mjs', project.recording, url, how);
        assert.deepEqual(done, { spans: RECORDED.spans, unacknowledged: 0 });
        assert.equal(new Set(backend.spans.map(({ spanId }) => spanId)).size, RECORDED.spans);
      });
    }
  }

  it('has types that fit its types, libraries checked too', async () => {
    await project.copy('typed.ts', 'typed.mts');
    await project.copy('typed.ts', 'typed.cts');
    await project.copy('sdk3-types.ts', 'sdk-types.ts');
    await project.copy('amqplib-types.ts');
    const options = { module: 'node16', moduleResolution: 'node16' };
    assert.equal(await project.typecheck(options, ['typed.mts', 'typed.cts']), '');
  });
});
