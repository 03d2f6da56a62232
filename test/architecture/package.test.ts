/** What is published is what it should be, and works where nothing else is. Runs npm against the built package. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { type Analysis, checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { parse } from 'yaml';
import { PACKAGE_NAME, PACKAGE_VERSION } from '../../src/version.js';

const ROOT = process.cwd();
const run = promisify(execFile);

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

describe('the package', () => {
  let directory: string;
  let packed: Packed;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'osprofiler-bridge-package-'));
    // What is built is packed as it is: building again would take it away from under the other tests.
    const { stdout } = await npm(ROOT, 'pack', '--ignore-scripts', '--json', '--pack-destination', directory);
    [packed] = JSON.parse(stdout) as [Packed];
  });

  after(() => rm(directory, { recursive: true, force: true }));

  it('knows its own name and version', async () => {
    const { name, version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      name: string;
      version: string;
    };
    assert.deepEqual([PACKAGE_NAME, PACKAGE_VERSION], [name, version]);
  });

  it('holds the program, its types, a recording and what people read, and nothing else', () => {
    const paths = packed.files.map(({ path }) => path);
    for (const path of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'dist/index.d.ts']) {
      assert.ok(paths.includes(path), `${path} is missing`);
    }
    assert.ok(paths.some((path) => /^recordings\/.+\.ndjson\.gz$/.test(path)));
    const expected =
      /^(?:package\.json|README\.md|LICENSE|CHANGELOG\.md|man\/osprofiler-otel-bridge\.1|bin\/(?:osprofiler-otel-bridge|node-version)\.cjs|assets\/page\.(?:css|js|svg)|recordings\/[^/]+|dist\/require\/package\.json|dist\/(?:cli|doctor|settings|sidecar|trace-view)\/.+\.js|dist\/(?!cli|doctor|settings|sidecar|trace-view).+\.(?:js|d\.ts))$/;
    assert.deepEqual(
      paths.filter((path) => !expected.test(path)),
      [],
    );
    assert.deepEqual(
      paths.filter((path) => /test|tsbuildinfo/.test(path)),
      [],
    );
  });

  it('has types that every kind of TypeScript project resolves, but for what is meant', async () => {
    const tarball = createPackageFromTarballData(
      new Uint8Array(await readFile(join(directory, packed.filename))),
    );
    const { problems } = (await checkPackage(tarball)) as Analysis;
    // `require()` of an ES module works from Node 20.19 on. TypeScript below `module: node20` does not know that, and
    // refuses to require what has types of an ES module: so the types say CommonJS, and the program is an ES module.
    assert.deepEqual(
      problems.map(({ kind }) => kind),
      ['CJSResolvesToESM', 'FalseCJS'],
    );
  });

  it('has a package.json in which publint finds nothing, but for what is meant', async () => {
    const file = await readFile(join(directory, packed.filename));
    const tarball = file.buffer.slice(file.byteOffset, file.byteOffset + file.length) as ArrayBuffer;
    const { messages } = await publint({ strict: true, pack: { tarball } });
    // The types for require(); see above.
    assert.deepEqual(
      messages.map(({ code, args }) => [code, 'condition' in args && args.condition]),
      [['EXPORTS_TYPES_INVALID_FORMAT', 'require']],
    );
  });

  it('says where it comes from, and which of its modules do something when they are imported', async () => {
    const { homepage, repository, bugs, author, sideEffects } = JSON.parse(
      await readFile(join(ROOT, 'package.json'), 'utf8'),
    ) as Record<string, unknown> & { sideEffects: string[]; repository: { url: string } };
    const [, address] = /^git\+(https:\/\/.*)\.git$/.exec(repository.url) ?? [];
    assert.deepEqual([homepage, bugs], [`${address}#readme`, { url: `${address}/issues` }]);
    assert.ok(author);
    const paths = packed.files.map(({ path }) => `./${path}`);
    for (const each of sideEffects.filter((file) => !file.endsWith('*')))
      assert.ok(paths.includes(each), each);
  });

  it('has the same version where it is cited', async () => {
    const citation = parse(await readFile(join(ROOT, 'CITATION.cff'), 'utf8')) as Record<string, string>;
    assert.deepEqual([citation['title'], citation['version']], [PACKAGE_NAME, PACKAGE_VERSION]);
  });

  it('can be executed', () => {
    const program = packed.files.find(({ path }) => path === 'bin/osprofiler-otel-bridge.cjs');
    assert.ok(program && (program.mode & 0o111) !== 0);
  });

  it('works in an empty project', async () => {
    const project = await mkdtemp(join(directory, 'project-'));
    await writeFile(join(project, 'package.json'), '{"private": true, "type": "module"}');
    const tarball = join(directory, packed.filename);
    await npm(project, 'install', tarball, '--omit=dev', '--no-audit', '--no-fund', '--prefer-offline');
    const { stdout: version } = await npm(project, 'exec', '--offline', '--', PACKAGE_NAME, '--version');
    assert.equal(version.trim(), PACKAGE_VERSION);
    const { stdout: exported } = await run(
      process.execPath,
      ['-e', `import('${PACKAGE_NAME}').then((library) => console.log(Object.keys(library).join()))`],
      { cwd: project },
    );
    assert.match(exported, /Bridge.*Translator/);
    const { stdout: shown } = await npm(project, 'exec', '--offline', '--', PACKAGE_NAME, 'demo');
    assert.match(shown, /[\d,]+ notifications → [\d,]+ spans/);
  });
});

/** Without what npm tells the scripts it runs: this one is not to know that it runs in one. */
function npm(cwd: string, ...args: readonly string[]) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_/i.test(name)));
  return run('npm', args, { cwd, env, maxBuffer: 64 * 1024 * 1024 });
}
