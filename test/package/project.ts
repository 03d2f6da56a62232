/** A fresh project outside the repository, into which the packed package is installed as its users do it. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = process.cwd();
const CONSUMERS = join(ROOT, 'test', 'package', 'consumers');
const RECORDING = ['node_modules', 'osprofiler-otel-bridge', 'recordings', 'nova-server-boot.ndjson.gz'];
/** Node itself as an npm package. */
const NODE = `node-${process.platform}-${process.arch}`;
const run = promisify(execFile);

/** The notifications and spans of the recording that comes with the package. */
export const RECORDED = { notifications: 3_522, spans: 1_761 };

function nodeName(version: string): string {
  return `node-${version}`;
}

export class Project {
  private constructor(readonly directory: string) {}

  /**
   * @param packages what is installed beside this package.
   * @param nodes versions of Node, from npm; a line says so where they cannot be had.
   */
  static async install(packages: readonly string[], nodes: readonly string[]): Promise<Project> {
    const project = new Project(await mkdtemp(join(tmpdir(), 'osprofiler-bridge-consumer-')));
    try {
      await writeFile(join(project.directory, 'package.json'), '{ "private": true }');
      // What is built is packed as it is: building again would take it away from under the other tests.
      const pack = ['pack', ROOT, '--ignore-scripts', '--json'];
      const [{ filename }] = JSON.parse(await project.npm(...pack)) as [{ filename: string }];
      const programs = nodes.map((version) => `${nodeName(version)}@npm:${NODE}@${version}`);
      await project.add([filename, ...packages, ...programs]).catch(async () => {
        await project.add([filename, ...packages]);
        console.log(`${NODE} cannot be had here from npm: Node ${nodes.join(', ')} not tried`);
      });
      return project;
    } catch (error) {
      await project.remove();
      throw error;
    }
  }

  get recording(): string {
    return join(this.directory, ...RECORDING);
  }

  async add(packages: readonly string[]): Promise<void> {
    await this.npm('install', ...packages, '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts');
  }

  /** One of the other Nodes; undefined where it could not be had. */
  node(version: string): string | undefined {
    const program = join(this.directory, 'node_modules', nodeName(version), 'bin', 'node');
    return existsSync(program) ? program : undefined;
  }

  /** Copies one of the consumers into the project. */
  async copy(consumer: string, as: string = consumer): Promise<void> {
    await copyFile(join(CONSUMERS, consumer), join(this.directory, as));
  }

  /** @returns what the program printed, which is JSON. */
  async run(node: string, ...args: readonly string[]): Promise<Record<string, unknown>> {
    const { stdout } = await run(node, args, { cwd: this.directory, env: {} });
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  /** The compiler of this repository on the project's files. @returns what it complains of. */
  async typecheck(options: Readonly<Record<string, unknown>>, files: readonly string[]): Promise<string> {
    const compilerOptions = {
      ...{ strict: true, skipLibCheck: false, noEmit: true, exactOptionalPropertyTypes: true },
      ...{ target: 'es2023', lib: ['es2023', 'esnext.disposable'], types: ['node'], ...options },
    };
    const config = join(this.directory, 'tsconfig.json');
    await writeFile(config, JSON.stringify({ compilerOptions, files }));
    const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    try {
      await run(process.execPath, [compiler, '-p', config]);
      return '';
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  }

  remove(): Promise<void> {
    return rm(this.directory, { recursive: true, force: true });
  }

  /** Without what npm tells the scripts it runs: this one is not to know that it runs in one. */
  private async npm(...args: readonly string[]): Promise<string> {
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_/i.test(name)),
    );
    const { stdout } = await run('npm', args, { cwd: this.directory, env, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  }
}
