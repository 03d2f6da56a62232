import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { BridgeError } from '../src/errors.js';
import { checkNodeVersion } from '../src/supported-node.js';

const OLD = ['8.17.0', '18.20.4', '20.18.3'];
const NEW = ['20.19.0', '22.1.0', '26.0.0'];
const LAUNCHER = readFileSync('bin/osprofiler-otel-bridge.cjs', 'utf8');

describe('a version of Node.js that is too old', () => {
  test('ends the command, and npm run demo, at once with status 10 and what to do', () => {
    const start = (version: string) =>
      spawnSync(process.execPath, ['bin/node-version.cjs', version], { encoding: 'utf8' });
    for (const version of OLD) {
      const { status, stderr } = start(version);
      assert.equal(status, 10);
      assert.match(
        stderr,
        new RegExp(
          `^error NODE_UNSUPPORTED: .*needs Node\\.js 20\\.19 or newer, and this is ${version}\\nhint: install`,
        ),
      );
    }
    for (const version of NEW) assert.deepEqual([start(version).status, start(version).stderr], [0, '']);
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { demo: string } };
    assert.match(scripts.demo, /^node bin\/node-version\.cjs && /);
  });

  test('is noticed by the command before anything modern is loaded', () => {
    assert.ok(LAUNCHER.indexOf("require('./node-version.cjs')") < LAUNCHER.indexOf('import('));
    for (const text of [LAUNCHER, readFileSync('bin/node-version.cjs', 'utf8')]) {
      assert.doesNotMatch(text.replace(/\/\/.*/g, ''), /=>|`|\bconst\b|\blet\b|\?\.|\?\?|^import /m);
    }
  });

  test('makes importing the library fail with NODE_UNSUPPORTED', () => {
    for (const version of OLD) {
      assert.throws(
        () => checkNodeVersion(version),
        (error) =>
          error instanceof BridgeError && error.code === 'NODE_UNSUPPORTED' && error.exitStatus === 10,
      );
    }
    for (const version of NEW) checkNodeVersion(version);
    assert.match(
      readFileSync('src/index.ts', 'utf8'),
      /^\/\*\*[\s\S]*?\*\/\n\nimport '\.\/supported-node\.js';\n/,
    );
  });

  test('is the one that package.json refuses', () => {
    const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { engines: { node: string } };
    assert.equal(engines.node, '>=20.19');
  });
});
