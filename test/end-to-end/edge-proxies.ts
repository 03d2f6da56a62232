/** HAProxy, nginx and Apache with the files of examples/edge, as processes in front of one upstream. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { freePorts } from '../support/ports.js';
import { eventually } from '../support/rabbitmq.js';

const EXAMPLES = join(process.cwd(), 'examples', 'edge');

export interface EdgeOptions {
  /** A URL without a path. */
  readonly upstream: string;
  /** Default: `SECRET_KEY`. */
  readonly key?: string;
  /** What becomes of X-Trace-* that a client sends. Default: `drop`. */
  readonly own?: 'drop' | 'pass';
  /** Traced requests a second. Default: more than a test sends. */
  readonly limits?: { readonly client: number; readonly total: number };
}

const NO_LIMITS = { client: 90_000, total: 90_000 };

/** What differs between the proxies. */
interface Kind {
  /** Where the files of the example say that they lie. */
  readonly home: string;
  /** Changes the text of an example's files: each pair is one text, which must be there, and what takes its place. */
  changes(options: Required<EdgeOptions>): Readonly<Record<string, readonly (readonly [string, string])[]>>;
  /** Files beside those of the example. */
  files(port: number, options: Required<EdgeOptions>, directory: string): Readonly<Record<string, string>>;
  readonly check: readonly string[];
  readonly run: readonly string[];
}

/** Servers that begin as root give it up for this user. */
const USER = process.getuid?.() === 0 ? 'www-data' : undefined;

const haproxyFiles = ['-f', 'DIRECTORY/osprofiler.cfg', '-f', 'DIRECTORY/haproxy.cfg'];
const haproxyKey = (key: string) => `key ${Buffer.from(key).toString('base64')}\n`;
const nginxKey = (key: string) => `js_var $osprofiler_key ${key};\n`;

export const KINDS = {
  haproxy: {
    home: '/etc/haproxy',
    changes: ({ own, limits }) => ({
      'osprofiler.cfg': [
        ['sc1_gpc0_rate ge 5 ', `sc1_gpc0_rate ge ${limits.client} `],
        ['sc2_gpc0_rate ge 50 ', `sc2_gpc0_rate ge ${limits.total} `],
        ...(own === 'pass'
          ? [['    http-request del-header', '    # http-request del-header'] as const]
          : []),
      ],
    }),
    files: (port, { upstream, key }, directory) => ({
      'haproxy.cfg': [
        'global',
        `    stats socket ${directory}/admin level admin`,
        'frontend api from osprofiler',
        `    bind 127.0.0.1:${port}`,
        '    default_backend services',
        'defaults',
        '    mode http',
        '    timeout connect 5s',
        '    timeout server 60s',
        'backend services',
        `    server one ${new URL(upstream).host}`,
        '',
      ].join('\n'),
      'osprofiler-key.map': haproxyKey(key),
    }),
    check: ['/usr/sbin/haproxy', '-c', ...haproxyFiles],
    run: ['/usr/sbin/haproxy', '-db', '-q', ...haproxyFiles],
  },
  nginx: {
    home: '/etc/nginx',
    changes: ({ own, limits }) => ({
      'osprofiler.conf': [
        ['rate=5r/s', `rate=${limits.client}r/s`],
        ['rate=50r/s', `rate=${limits.total}r/s`],
        ['$osprofiler_own drop;', `$osprofiler_own ${own};`],
      ],
      'osprofiler-location.conf': [
        ['burst=4 ', `burst=${limits.client - 1} `],
        ['burst=49 ', `burst=${limits.total - 1} `],
      ],
    }),
    files: (port, { upstream, key }, directory) => ({
      'nginx.conf': [
        'load_module /usr/lib/nginx/modules/ngx_http_js_module.so;',
        ...(USER === undefined ? [] : [`user ${USER};`]),
        'daemon off;',
        `pid ${directory}/pid;`,
        'error_log stderr crit;',
        'events {}',
        'http {',
        '  access_log off;',
        ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
          (each) => `  ${each}_temp_path ${directory}/${each};`,
        ),
        `  include ${directory}/osprofiler.conf;`,
        `  server { listen 127.0.0.1:${port};`,
        `    location / { include ${directory}/osprofiler-location.conf; proxy_pass ${upstream}; } }`,
        '}',
        '',
      ].join('\n'),
      'osprofiler-key.conf': nginxKey(key),
    }),
    check: ['/usr/sbin/nginx', '-t', '-q', '-e', 'stderr', '-c', 'DIRECTORY/nginx.conf'],
    run: ['/usr/sbin/nginx', '-e', 'stderr', '-c', 'DIRECTORY/nginx.conf'],
  },
  apache: {
    home: '/etc/apache2',
    changes: ({ own, limits }) => ({
      'osprofiler.lua': [
        [
          'MOST_OF_CLIENT, MOST_OF_ALL = 5, 50',
          `MOST_OF_CLIENT, MOST_OF_ALL = ${limits.client}, ${limits.total}`,
        ],
        ['PASS_OWN = false', `PASS_OWN = ${own === 'pass'}`],
      ],
    }),
    files: (port, { upstream, key }, directory) => ({
      'apache.conf': [
        `ServerRoot ${directory}`,
        'ServerName localhost',
        `PidFile ${directory}/pid`,
        `ErrorLog ${directory}/error.log`,
        'LogLevel error',
        ...['mpm_event', 'authz_core', 'proxy', 'proxy_http', 'lua'].map(
          (each) => `LoadModule ${each}_module /usr/lib/apache2/modules/mod_${each}.so`,
        ),
        ...(USER === undefined ? [] : [`User ${USER}`, `Group ${USER}`]),
        // One process: each counts for itself.
        'ServerLimit 1',
        'StartServers 1',
        'ThreadsPerChild 64',
        'MaxRequestWorkers 64',
        'MaxKeepAliveRequests 0',
        `Mutex default:${directory}`,
        `DefaultRuntimeDir ${directory}`,
        `Listen 127.0.0.1:${port}`,
        `Include ${directory}/osprofiler.conf`,
        `ProxyPass / ${upstream}/`,
        '',
      ].join('\n'),
      'osprofiler.key': `${key}\n`,
    }),
    check: ['/usr/sbin/apache2', '-t', '-f', 'DIRECTORY/apache.conf'],
    run: ['/usr/sbin/apache2', '-DFOREGROUND', '-f', 'DIRECTORY/apache.conf'],
  },
} satisfies Record<string, Kind>;

export type KindName = keyof typeof KINDS;

/** A running proxy. */
export class Edge {
  private constructor(
    private readonly child: ChildProcess,
    private readonly directory: string,
    private readonly kind: KindName,
    readonly url: string,
    private readonly stderr: Promise<string>,
  ) {}

  static async start(name: KindName, given: EdgeOptions): Promise<Edge> {
    const options = { key: 'SECRET_KEY', own: 'drop' as const, limits: NO_LIMITS, ...given };
    const [port] = (await freePorts(1)) as [number];
    const directory = await writeFiles(name, port, options);
    const kind: Kind = KINDS[name];
    const [program = '', ...args] = inDirectory(kind.run, directory);
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: {} });
    const edge = new Edge(child, directory, name, `http://127.0.0.1:${port}`, text(child.stderr));
    await edge.untilListening(port);
    return edge;
  }

  /** Runs the proxy's own check of its configuration. @returns what it said, and its exit status. */
  static async check(name: KindName): Promise<{ status: number | null; said: string }> {
    const options = {
      upstream: 'http://127.0.0.1:9',
      key: 'SECRET_KEY',
      own: 'drop' as const,
      limits: undefined,
    };
    const directory = await writeFiles(name, 9, options);
    const [program = '', ...args] = inDirectory(KINDS[name].check, directory);
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env: {} });
    await rm(directory, { recursive: true });
    return { status, said: stdout + stderr };
  }

  /** Signs with another key from now on, without a restart, as examples/edge/README.md says. */
  async changeKey(key: string): Promise<void> {
    if (this.kind === 'haproxy') {
      const socket = connect(join(this.directory, 'admin'));
      socket.end(`set map ${this.directory}/osprofiler-key.map ${haproxyKey(key)}`);
      assert.equal((await text(socket)).trim(), '');
      return;
    }
    const [file, content] =
      this.kind === 'nginx' ? ['osprofiler-key.conf', nginxKey(key)] : ['osprofiler.key', `${key}\n`];
    await writeFile(join(this.directory, file), content);
    this.child.kill(this.kind === 'nginx' ? 'SIGHUP' : 'SIGUSR1');
  }

  async stop(): Promise<void> {
    const closed = once(this.child, 'close');
    if (this.child.exitCode === null) this.child.kill('SIGTERM');
    await closed;
    await rm(this.directory, { recursive: true, force: true });
  }

  private async untilListening(port: number): Promise<void> {
    await eventually(async () => {
      if (this.child.exitCode !== null) throw new Error(`${this.kind} ended: ${await this.stderr}`);
      const socket = connect(port, '127.0.0.1');
      const isOpen = await once(socket, 'connect').then(
        () => true,
        () => false,
      );
      socket.destroy();
      return isOpen;
    });
  }
}

async function writeFiles(
  name: KindName,
  port: number,
  options: Omit<Required<EdgeOptions>, 'limits'> & { readonly limits: EdgeOptions['limits'] },
): Promise<string> {
  const kind: Kind = KINDS[name];
  const directory = await mkdtemp(join(tmpdir(), `osprofiler-bridge-${name}-`));
  // Apache reads its key as its own user.
  await chmod(directory, 0o755);
  const { limits } = options;
  const changes = limits === undefined ? {} : kind.changes({ ...options, limits });
  for (const file of await readdir(join(EXAMPLES, name))) {
    let content = (await readFile(join(EXAMPLES, name, file), 'utf8')).replaceAll(kind.home, directory);
    for (const [from, to] of changes[file] ?? []) {
      assert.ok(content.includes(from), `${file} does not say ${from}`);
      content = content.replaceAll(from, to);
    }
    await writeFile(join(directory, file), content);
  }
  const files = kind.files(port, { ...options, limits: limits ?? NO_LIMITS }, directory);
  for (const [file, content] of Object.entries(files)) await writeFile(join(directory, file), content);
  return directory;
}

function inDirectory(words: readonly string[], directory: string): string[] {
  return words.map((word) => word.replace('DIRECTORY', directory));
}
