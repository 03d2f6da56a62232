/** The documentation of the library is what the code says, and the code in it compiles. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

/** Inside the package, where its own name leads to what is built. */
const DIRECTORY = join(process.cwd(), 'build', 'documented-examples');
const PAGES = ['docs/library.md', 'docs/api.md', 'README.md'];

describe('the documentation of the library', () => {
  after(() => rmSync(DIRECTORY, { recursive: true, force: true }));

  it('has every export with its docstring (else: npm run build && node scripts/api-doc.mjs)', () => {
    execFileSync(process.execPath, ['scripts/api-doc.mjs', '--check'], { stdio: 'pipe' });
  });

  it('has examples that compile', () => {
    mkdirSync(DIRECTORY, { recursive: true });
    const files = PAGES.flatMap((page) =>
      examplesIn(readFileSync(page, 'utf8')).map((code) => ({ page, code })),
    );
    assert.ok(files.length >= 6);
    const names = files.map(({ page, code }, index) => {
      const name = `${page.replaceAll(/\W/g, '-')}-${index}.mts`;
      writeFileSync(join(DIRECTORY, name), `${withGiven(code)}\nexport {};\n`);
      return name;
    });
    const compilerOptions = {
      ...{ strict: true, noEmit: true, skipLibCheck: true, types: ['node'], target: 'es2023' },
      ...{ module: 'nodenext', moduleResolution: 'nodenext', lib: ['es2023', 'esnext.disposable'] },
    };
    writeFileSync(join(DIRECTORY, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: names }));
    const compiler = join('node_modules', 'typescript', 'bin', 'tsc');
    const { stdout } = spawnSync(process.execPath, [compiler, '-p', DIRECTORY], { encoding: 'utf8' });
    assert.equal(stdout, '');
  });
});

function examplesIn(page: string): string[] {
  return [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!);
}

/** What an example takes for granted. */
function withGiven(code: string): string {
  const given = {
    body: 'declare const body: Buffer;',
    exporter: "declare const exporter: import('@opentelemetry/sdk-trace-base').SpanExporter;",
  };
  const needed = Object.entries(given).filter(
    ([name]) => new RegExp(`\\b${name}[.)]`).test(code) && !new RegExp(`${name}:`).test(code),
  );
  return [...needed.map(([, declaration]) => declaration), code].join('\n');
}
