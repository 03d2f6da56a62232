/** Holds the house to its floors: what imports what, read from the sources. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix } from 'node:path';
import { describe, it } from 'node:test';
import ts from 'typescript';

const SOURCES = join(process.cwd(), 'src');
const MAX_LINES = 300;

/** A room is a folder of src, or a file that lies in src itself. */
const GROUND = [
  ...['contracts', 'trace-point', 'encoded-span', 'python-json', 'timestamp', 'uuid', 'oslo'],
  ...['clock', 'errors', 'pause', 'version'],
];
const LOW = ['codec', 'pairing', 'mapping', 'rabbitmq', 'recordings', 'export', 'propagation'];
const BRIDGE = [
  ...['bridge', 'assembler', 'pipeline', 'counts', 'in-flight', 'translator', 'metrics', 'window', 'library'],
];
/** The files that assemble a bridge: they alone know that there is an accelerator. */
const ASSEMBLING = ['library.ts', 'sidecar/assemble.ts'];

/** What each room may import besides itself. A room that is not here has not been thought about. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  version: [],
  errors: [],
  'supported-node': ['errors'],
  clock: [],
  pause: [],
  'encoded-span': [],
  contracts: ['encoded-span', 'errors'],
  uuid: [],
  'python-json': [],
  timestamp: [],
  'trace-point': ['python-json', 'uuid'],
  codec: GROUND,
  oslo: ['errors'],
  pairing: GROUND,
  mapping: GROUND,
  rabbitmq: GROUND,
  recordings: GROUND,
  export: GROUND,
  propagation: ['mapping', ...GROUND],
  ...Object.fromEntries(BRIDGE.map((room) => [room, [...BRIDGE, ...LOW, ...GROUND]])),
  fast: ['pipeline', 'codec', ...GROUND],
  index: ['supported-node', ...BRIDGE, ...LOW, ...GROUND],
  sharding: [...BRIDGE, ...LOW, ...GROUND],
  settings: ['sharding', ...BRIDGE, ...LOW, ...GROUND],
  sidecar: ['settings', 'sharding', ...BRIDGE, ...LOW, ...GROUND],
  doctor: ['sidecar', 'settings', 'sharding', ...BRIDGE, ...LOW, ...GROUND],
  'trace-view': ['sidecar', 'settings', 'sharding', ...BRIDGE, ...LOW, ...GROUND],
  cli: ['doctor', 'trace-view', 'sidecar', 'settings', 'sharding', ...BRIDGE, ...LOW, ...GROUND],
};

/** The products round the bridge: only they know the process, and the values of the SDK. */
const PRODUCTS = ['settings', 'sidecar', 'doctor', 'trace-view', 'cli'];
const PURE_ROOMS = ['codec', 'pairing', 'mapping', 'assembler', 'translator', 'fast'];

/** Packages and modules of Node that a pure room may use: none of them does I/O. */
const PURE = [
  ...['node:crypto', 'node:util', 'node:buffer', 'node:zlib', 'seek-bzip'],
  ...['@opentelemetry/api', '@opentelemetry/sdk-trace-base'],
];
/** The only rooms that may import a package. A package that is in neither list has not been thought about. */
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
  readonly room: string;
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
    for (const { path, room } of sources) assert.ok(room in MAY_IMPORT, `${path} is in no known room`);
  });

  it('import down the floors only, and no room its neighbour', () => {
    const wrong = edges().filter(
      ({ from, to }) =>
        from.room !== to.room && to.room !== 'fast' && !MAY_IMPORT[from.room]!.includes(to.room),
    );
    assert.deepEqual(wrong.map(describeEdge), []);
  });

  it('know the accelerator only where a bridge is assembled', () => {
    const knowing = edges().filter(({ from, to }) => to.room === 'fast' && from.room !== 'fast');
    assert.deepEqual(knowing.map(({ from }) => from.path).sort(), [...ASSEMBLING].sort());
  });

  it('import in no circle', () => {
    assert.deepEqual(findCircles(), []);
  });

  it('import packages only where these belong', () => {
    const wrong = packageImports().filter(({ from, name }) => {
      if (isBuiltin(name) || ANYBODYS.includes(name)) return false;
      return !OWNED[name]?.includes(from.room);
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

  it('of pure rooms do no I/O and have no timer, no clock and no chance of their own', () => {
    const impure = packageImports().filter(
      ({ from, name }) => PURE_ROOMS.includes(from.room) && !PURE.includes(name),
    );
    assert.deepEqual(
      impure.map(({ from, name }) => `${from.path} imports ${name}`),
      [],
    );
    const forbidden =
      /\b(?:set(?:Timeout|Interval|Immediate)|Date\.now|performance\.|Math\.random|randomUUID)\b/;
    for (const { path, room, text } of sources) {
      if (PURE_ROOMS.includes(room)) assert.doesNotMatch(withoutComments(text), forbidden, path);
    }
  });

  it('use only the types of the SDK where spans are made', () => {
    const valueImport = /^import (?!type\b)[^;]*'@opentelemetry\/sdk-trace-base'/m;
    for (const { path, room, text } of sources) {
      if (!PRODUCTS.includes(room)) assert.doesNotMatch(text, valueImport, path);
    }
  });

  it('know the process and its environment only in the products', () => {
    const known = /\bprocess\.\w|'node:process'/;
    for (const { path, room, text } of sources) {
      if (!PRODUCTS.includes(room) && room !== 'supported-node')
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
  return { path, room: path.split('/')[0]!.replace(/\.ts$/, ''), text, imports };
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
