/** A fresh project outside the repository, into which the packed package is installed as its users do it. */
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = process.cwd();
const CONSUMERS = join(ROOT, 'test', 'package', 'consumers');
const RECORDING = ['node_modules', 'osprofiler-otel-bridge', 'recordings', 'nova-server-boot.ndjson.gz'];
const run = promisify(execFile);

/** The notifications and spans of the recording that comes with the package. */
export const RECORDED = { notifications: 3_522, spans: 1_761 };

export class Project {
  private constructor(readonly directory: string) {}

  /** @param packages what is installed beside this package. */
  static async install(packages: readonly string[]): Promise<Project> {
    const project = new Project(await mkdtemp(join(tmpdir(), 'osprofiler-bridge-consumer-')));
    try {
      await writeFile(join(project.directory, 'package.json'), '{ "private": true }');
      // What is built is packed as it is: building again would take it away from under the other tests.
      const pack = ['pack', ROOT, '--ignore-scripts', '--json'];
      const [{ filename }] = JSON.parse(await project.npm(...pack)) as [{ filename: string }];
      await project.add(filename, ...packages);
      return project;
    } catch (error) {
      await project.remove();
      throw error;
    }
  }

  get recording(): string {
    return join(this.directory, ...RECORDING);
  }

  async add(...packages: readonly string[]): Promise<void> {
    await this.npm('install', ...packages, '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts');
  }

  /**
   * Another Node, from npm.
   * @returns the program; undefined, with a line that says so, where it cannot be had.
   */
  async node(version: string): Promise<string | undefined> {
    const name = `node-${version}`;
    try {
      await this.add(`${name}@npm:node-${process.platform}-${process.arch}@${version}`);
      return join(this.directory, 'node_modules', name, 'bin', 'node');
    } catch {
      console.log(`Node ${version} cannot be had here from npm: not tried with it`);
      return undefined;
    }
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
