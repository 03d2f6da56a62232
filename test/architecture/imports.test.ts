/** Holds the modules to their floors: what imports what, read from the sources. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix } from 'node:path';
import { describe, it } from 'node:test';
import ts from 'typescript';
import { FLOOR_NAMES, floorOf } from './floors.js';

const SOURCES = join(process.cwd(), 'src');
const MAX_LINES = 300;

/** The files that assemble a bridge: they alone know that there is an accelerator. */
const ASSEMBLING = ['library.ts', 'sidecar/assemble.ts'];
/** What the accelerator may know, beside the ground: what it accelerates. */
const BESIDE_FAST = ['pipeline', 'codec'];

/** Only these know the process, and the values of the SDK. */
const PRODUCTS = ['settings', 'sidecar', 'doctor', 'trace-view', 'cli'];
const PURE_MODULES = ['codec', 'pairing', 'mapping', 'assembler', 'translator', 'fast'];

/** Packages and modules of Node that a pure module may use: none of them does I/O. */
const PURE = [
  ...['node:crypto', 'node:util', 'node:buffer', 'node:zlib', 'seek-bzip'],
  ...['@opentelemetry/api', '@opentelemetry/sdk-trace-base'],
];
/** The only modules that may import a package. A package that is in neither list has not been thought about. */
const OWNED: Readonly<Record<string, readonly string[]>> = {
  amqplib: ['rabbitmq'],
  '@grpc/grpc-js': ['export'],
  '@opentelemetry/exporter-trace-otlp-http': ['export'],
  '@opentelemetry/otlp-exporter-base': ['export'],
  '@opentelemetry/otlp-transformer': ['export'],
  '@opentelemetry/resources': ['sidecar'],
  'seek-bzip': ['codec'],
  '@hono/node-server': ['sidecar'],
  '@opentelemetry/exporter-metrics-otlp-http': ['sidecar'],
  '@opentelemetry/exporter-metrics-otlp-proto': ['sidecar'],
  '@opentelemetry/exporter-prometheus': ['sidecar'],
  '@opentelemetry/sdk-metrics': ['sidecar'],
  commander: ['cli', 'settings'],
  hono: ['sidecar', 'trace-view'],
  'hono/html': ['trace-view'],
  pino: ['sidecar'],
  yaml: ['settings'],
  zod: ['settings'],
};
const ANYBODYS = ['@opentelemetry/api', '@opentelemetry/sdk-trace-base'];

interface Source {
  /** Below src, with slashes: `codec/envelope.ts`. */
  readonly path: string;
  readonly module: string;
  readonly text: string;
  /** What it imports, types included, as written. */
  readonly imports: readonly string[];
}

const sources = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => readSource(path.replaceAll('\\', '/')));

describe('the sources', () => {
  it('are all there', () => {
    assert.ok(sources.length > 50);
    for (const { path, module } of sources) assert.ok(floorOf(module), `${path} is on no floor`);
  });

  it('import no module of a higher floor', () => {
    const up = edges().filter(({ from, to }) => heightOf(from) < heightOf(to));
    assert.deepEqual(up.map(describeEdge), []);
  });

  it('are parts that do not import each other', () => {
    const between = edges().filter(
      ({ from, to }) =>
        from.module !== to.module && floorOf(from.module) === 'parts' && floorOf(to.module) === 'parts',
    );
    assert.deepEqual(between.map(describeEdge), []);
  });

  it('are modules that do not import each other in a circle', () => {
    const next = new Map<string, Set<string>>();
    for (const { from, to } of edges())
      if (from.module !== to.module)
        next.set(from.module, (next.get(from.module) ?? new Set()).add(to.module));
    const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
      [...(next.get(from) ?? [])].some((each) => {
        if (each === to) return true;
        if (seen.has(each)) return false;
        seen.add(each);
        return reaches(each, to, seen);
      });
    const inCircle = [...next.keys()].filter((module) => reaches(module, module));
    assert.deepEqual(inCircle, []);
  });

  it('know the accelerator only where a bridge is assembled', () => {
    const knowing = edges().filter(({ from, to }) => to.module === 'fast' && from.module !== 'fast');
    assert.deepEqual(knowing.map(({ from }) => from.path).sort(), [...ASSEMBLING].sort());
  });

  it('of the accelerator know no rule of the mapping, no encoding and no broker', () => {
    const known = edges().filter(
      ({ from, to }) =>
        from.module === 'fast' &&
        !['fast', ...BESIDE_FAST].includes(to.module) &&
        floorOf(to.module) !== 'ground',
    );
    assert.deepEqual(known.map(describeEdge), []);
  });

  it('import in no circle', () => {
    assert.deepEqual(findCircles(), []);
  });

  it('import packages only where these belong', () => {
    const wrong = packageImports().filter(({ from, name }) => {
      if (isBuiltin(name) || ANYBODYS.includes(name)) return false;
      return !OWNED[name]?.includes(from.module);
    });
    assert.deepEqual(
      wrong.map(({ from, name }) => `${from.path} imports ${name}`),
      [],
    );
  });

  it('name the modules of Node as such', () => {
    const bare = packageImports().filter(({ name }) => isBuiltin(name) && !name.startsWith('node:'));
    assert.deepEqual(
      bare.map(({ from, name }) => `${from.path} imports ${name}`),
      [],
    );
  });

  it('of pure modules do no I/O and have no timer, no clock and no chance of their own', () => {
    const impure = packageImports().filter(
      ({ from, name }) => PURE_MODULES.includes(from.module) && !PURE.includes(name),
    );
    assert.deepEqual(
      impure.map(({ from, name }) => `${from.path} imports ${name}`),
      [],
    );
    const forbidden =
      /\b(?:set(?:Timeout|Interval|Immediate)|Date\.now|performance\.|Math\.random|randomUUID)\b/;
    for (const { path, module, text } of sources) {
      if (PURE_MODULES.includes(module)) assert.doesNotMatch(withoutComments(text), forbidden, path);
    }
  });

  it('use only the types of the SDK where spans are made', () => {
    const valueImport = /^import (?!type\b)[^;]*'@opentelemetry\/sdk-trace-base'/m;
    for (const { path, module, text } of sources) {
      if (!PRODUCTS.includes(module)) assert.doesNotMatch(text, valueImport, path);
    }
  });

  it('know the process and its environment only in the products', () => {
    const known = /\bprocess\.\w|'node:process'/;
    for (const { path, module, text } of sources) {
      if (!PRODUCTS.includes(module) && module !== 'supported-node')
        assert.doesNotMatch(withoutComments(text), known, path);
    }
  });

  it('are short enough to be read', () => {
    const long = sources.filter(({ text }) => text.split('\n').length - 1 > MAX_LINES);
    assert.deepEqual(
      long.map(({ path }) => path),
      [],
    );
  });
});

function readSource(path: string): Source {
  const text = readFileSync(join(SOURCES, path), 'utf8');
  const imports = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
  return { path, module: path.split('/')[0]!.replace(/\.ts$/, ''), text, imports };
}

interface Edge {
  readonly from: Source;
  readonly to: Source;
}

function edges(): Edge[] {
  return sources.flatMap((from) => targetsOf(from).map((to) => ({ from, to })));
}

function targetsOf(from: Source): Source[] {
  const relative = from.imports.filter((name) => name.startsWith('.'));
  return relative.map((name) => {
    const path = posix.join(posix.dirname(from.path), name).replace(/\.js$/, '.ts');
    const target = sources.find((source) => source.path === path);
    assert.ok(target, `${from.path} imports ${name}, which is not there`);
    return target;
  });
}

/** 0 is the ground. */
function heightOf({ module }: Source): number {
  return FLOOR_NAMES.length - 1 - FLOOR_NAMES.indexOf(floorOf(module)!);
}

function describeEdge({ from, to }: Edge): string {
  return `${from.path} imports ${to.path}`;
}

function packageImports(): { readonly from: Source; readonly name: string }[] {
  return sources.flatMap((from) =>
    from.imports.filter((name) => !name.startsWith('.')).map((name) => ({ from, name })),
  );
}

/** Every circle that a walk along the imports comes upon, as the paths on it. */
function findCircles(): string[] {
  const circles: string[] = [];
  const done = new Set<Source>();
  const walk = (source: Source, way: readonly Source[]): void => {
    const at = way.indexOf(source);
    if (at !== -1) {
      circles.push([...way.slice(at), source].map(({ path }) => path).join(' → '));
      return;
    }
    if (done.has(source)) return;
    for (const target of targetsOf(source)) walk(target, [...way, source]);
    done.add(source);
  };
  for (const source of sources) walk(source, []);
  return circles;
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}
