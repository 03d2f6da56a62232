/** The examples: that their files have the form they should, and name no setting that does not exist. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { parse, parseAllDocuments } from 'yaml';
import { DEFINITIONS } from '../../src/settings/settings.js';
import { load } from '../settings/load.js';
import { COMPOSE, KUBERNETES, type KubernetesObject, type Workload } from './objects.js';

const run = promisify(execFile);
const EXAMPLES = join(process.cwd(), 'examples');
const PROGRAM = 'osprofiler-otel-bridge';
/** Flags that are no settings. */
const OTHER_FLAGS = ['--config', '--print-config', '--help', '--version', '--no-serve'];

const read = (...path: string[]): string => readFileSync(join(EXAMPLES, ...path), 'utf8');

describe('the Compose files', () => {
  for (const folder of ['compose-jaeger', 'compose-tempo']) {
    it(`of ${folder} have the form of such and name only what is there`, () => {
      const { services, secrets = {}, volumes = {} } = readCompose(folder);
      for (const { file } of Object.values(secrets))
        assert.ok(existsSync(join(EXAMPLES, folder, file)), file);
      for (const [name, { depends_on = [], secrets: used = [], volumes: mounts = [] }] of Object.entries(
        services,
      )) {
        const others = Array.isArray(depends_on) ? depends_on : Object.keys(depends_on);
        for (const other of others) assert.ok(other in services, `${name} depends on ${other}`);
        for (const secret of used) assert.ok(secret in secrets, `${name} has the secret ${secret}`);
        for (const mount of mounts) {
          const [source = ''] = mount.split(':');
          const isThere = source.startsWith('.')
            ? existsSync(join(EXAMPLES, folder, source))
            : source in volumes;
          assert.ok(isThere, `${name} mounts ${source}`);
        }
      }
    });

    it(`of ${folder} give the bridge settings that hold, and wait for a broker that is healthy`, async () => {
      const { services } = readCompose(folder);
      const { bridge, rabbitmq } = services;
      assert.ok(bridge && rabbitmq?.healthcheck);
      assert.deepEqual((bridge.depends_on as Record<string, unknown>)['rabbitmq'], {
        condition: 'service_healthy',
      });
      await assertHold(bridge.environment ?? {});
      const file = bridge.environment?.['OSPROFILER_BRIDGE_TRANSPORT_URL_FILE'] ?? '';
      assert.equal(file, `/run/secrets/${bridge.secrets?.[0]}`);
      const url = read(folder, 'transport-url')
        .split('\n')
        .find((line) => line.startsWith('rabbit:'))!;
      await assertHold({ OSPROFILER_BRIDGE_TRANSPORT_URL: url });
      const { RABBITMQ_DEFAULT_USER: user, RABBITMQ_DEFAULT_PASS: password } = rabbitmq.environment ?? {};
      assert.ok(url.startsWith(`rabbit://${user}:${password}@rabbitmq:5672/`));
      const backend = new URL(bridge.environment?.['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '');
      assert.ok(backend.hostname in services && backend.port === '4318');
    });
  }

  it('give Tempo and Grafana what they read', () => {
    const tempo = parse(read('compose-tempo', 'tempo.yaml'));
    assert.equal(tempo.distributor.receivers.otlp.protocols.http.endpoint, '0.0.0.0:4318');
    const { datasources } = parse(read('compose-tempo', 'grafana', 'datasources.yaml'));
    assert.equal(datasources[0].url, `http://tempo:${tempo.server.http_listen_port}`);
  });
});

describe('the Kubernetes objects', () => {
  for (const file of ['deployment.yaml', 'sidecar.yaml']) {
    it(`in ${file} have the form of such and belong together`, () => {
      const { objects, workload, containers } = readWorkload(file);
      const { selector, template } = workload.spec;
      const { volumes } = template.spec;
      assert.deepEqual(template.metadata.labels, selector.matchLabels);
      const claims = workload.kind === 'StatefulSet' ? workload.spec.volumeClaimTemplates : [];
      const mountable = [...volumes.map(({ name }) => name), ...claims.map(({ metadata }) => metadata.name)];
      for (const { volumeMounts = [] } of containers) {
        for (const { name } of volumeMounts) assert.ok(mountable.includes(name), name);
      }
      for (const object of objects) {
        if (object.kind === 'PodDisruptionBudget') assert.deepEqual(object.spec.selector, selector);
        if (object.kind !== 'Service') continue;
        assert.deepEqual(object.spec.selector, selector.matchLabels);
        const ports = containers.flatMap((each) => each.ports.map(({ name }) => name));
        for (const { targetPort } of object.spec.ports) assert.ok(ports.includes(targetPort), targetPort);
      }
    });

    it(`in ${file} give the bridge settings that hold, its URL as a file, and probes that it answers`, async () => {
      const { objects, workload, bridge } = readWorkload(file);
      const { volumes, terminationGracePeriodSeconds } = workload.spec.template.spec;
      const env = Object.fromEntries((bridge.env ?? []).map(({ name, value }) => [name, value]));
      const { settings } = await assertHold(env, bridge.args);
      assert.ok(terminationGracePeriodSeconds * 1000 > settings.drainTimeoutMs);
      const [port] = bridge.ports;
      assert.deepEqual(settings.listen, { host: '0.0.0.0', port: port?.containerPort });
      const paths = [bridge.livenessProbe, bridge.readinessProbe].flatMap((probe) =>
        probe !== undefined && 'httpGet' in probe ? [[probe.httpGet.path, probe.httpGet.port]] : [],
      );
      const expected = [
        ['/livez', port?.name],
        ...(workload.kind === 'Deployment' ? [['/readyz', port?.name]] : []),
      ];
      assert.deepEqual(paths, expected);
      const mount = bridge.volumeMounts?.[0];
      const { secret } = volumes.find(({ name }) => name === mount?.name)!;
      const kept = objects.find(
        ({ kind, metadata }) => kind === 'Secret' && metadata.name === secret.secretName,
      );
      assert.ok(kept?.kind === 'Secret');
      const [key = '', url = ''] = Object.entries(kept.stringData)[0] ?? [];
      assert.equal(env['OSPROFILER_BRIDGE_TRANSPORT_URL_FILE'], `${mount?.mountPath}/${key}`);
      assert.equal(secret.defaultMode, 0o440);
      await assertHold({ OSPROFILER_BRIDGE_TRANSPORT_URL: url });
    });

    it(`in ${file} let the bridge do as little as it needs`, () => {
      const { workload, bridge } = readWorkload(file);
      const { securityContext, resources } = bridge;
      assert.deepEqual(securityContext?.capabilities.drop, ['ALL']);
      assert.equal(securityContext?.allowPrivilegeEscalation, false);
      assert.equal(securityContext?.readOnlyRootFilesystem, true);
      const user = { ...workload.spec.template.spec.securityContext, ...securityContext };
      assert.deepEqual([user.runAsNonRoot, user.runAsUser], [true, 1000]);
      assert.ok(resources.limits.memory);
    });
  }
});

describe('the unit for systemd', () => {
  const unit = read('systemd', `${PROGRAM}.service`);

  it('is one that systemd takes', async (test) => {
    if (spawnSync('systemd-analyze', ['--version']).status !== 0) {
      test.diagnostic('systemd-analyze is not here: only what the other tests look at is known of the unit');
      return;
    }
    const directory = await mkdtemp(join(tmpdir(), 'osprofiler-bridge-unit-'));
    test.after(() => rm(directory, { recursive: true }));
    const file = join(directory, `${PROGRAM}.service`);
    // The program is not installed where the tests run.
    await writeFile(file, unit.replace(`/usr/bin/${PROGRAM}`, process.execPath));
    const { stderr } = await run('systemd-analyze', ['verify', '--man=no', file]);
    assert.equal(stderr, '');
  });

  it('starts the bridge with settings that hold, and stops it no sooner than it drains', async () => {
    const [, line = ''] = new RegExp(`^ExecStart=/usr/bin/${PROGRAM} (.*)$`, 'm').exec(unit) ?? [];
    const { settings } = await assertHold({}, line.replace(/\$\{CREDENTIALS_DIRECTORY\}/, '/run').split(' '));
    assert.equal(settings.broker.transportUrlFile, '/run/transport-url');
    const [, seconds] = /^TimeoutStopSec=(\d+)s$/m.exec(unit) ?? [];
    assert.ok(Number(seconds) * 1000 > settings.drainTimeoutMs);
    assert.match(unit, /^LoadCredential=transport-url:\/etc\/osprofiler-otel-bridge\/transport-url$/m);
  });
});

describe('the Dockerfile', () => {
  const text = readFileSync(join(process.cwd(), 'Dockerfile'), 'utf8');
  const steps = readSteps(text);
  const last = steps.slice(steps.map(({ instruction }) => instruction).lastIndexOf('FROM'));
  const of = (instruction: string) =>
    last.filter((step) => step.instruction === instruction).map(({ rest }) => rest);

  it('consists of instructions that there are, and copies what is there', () => {
    const known = /^(FROM|WORKDIR|COPY|RUN|ENV|USER|EXPOSE|HEALTHCHECK|STOPSIGNAL|ENTRYPOINT|CMD)$/;
    const ignored = readFileSync(join(process.cwd(), '.dockerignore'), 'utf8');
    for (const { instruction, rest } of steps) {
      assert.match(instruction, known);
      if (instruction !== 'COPY' || rest.startsWith('--from')) continue;
      for (const source of rest.split(/\s+/).slice(0, -1)) {
        assert.ok(existsSync(join(process.cwd(), source)), source);
        assert.ok(ignored.split('\n').includes(`!${source}`), `.dockerignore keeps ${source} out`);
      }
    }
  });

  it('copies whatever the package holds', () => {
    const { files } = JSON.parse(readFileSync(join(process.cwd(), 'package.json'), 'utf8')) as {
      files: string[];
    };
    for (const each of files.filter((file) => !file.startsWith('!') && !file.endsWith('.md'))) {
      assert.ok(
        of('COPY').some((rest) => rest.endsWith(` ./${each}`)),
        each,
      );
    }
  });

  it('makes an image without what only development needs, for a user that is not root', async () => {
    assert.ok(steps.filter(({ instruction }) => instruction === 'FROM').length === 2);
    assert.match(text, /npm ci --omit=dev/);
    assert.deepEqual(of('USER'), ['1000:1000']);
    assert.deepEqual(of('ENTRYPOINT'), [
      '["node", "--max-semi-space-size=16", "--no-parallel-scavenge", "--initial-old-space-size=64", ' +
        '"--max-inlined-bytecode-size-cumulative=460", "/app/dist/cli/main.js"]',
    ]);
    const [args = '[]'] = of('CMD');
    const env = [...(of('ENV')[0] ?? '').matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value]);
    const { settings } = await assertHold(Object.fromEntries(env), JSON.parse(args) as string[]);
    assert.deepEqual(settings.listen, { host: '0.0.0.0', port: 13_133 });
    assert.match(of('HEALTHCHECK')[0] ?? '', /CMD \["wget", .*"http:\/\/127\.0\.0\.1:13133\/livez"\]$/);
    assert.deepEqual(of('EXPOSE'), ['13133']);
  });
});

describe('every example', () => {
  const variables = new Set(DEFINITIONS.flatMap(({ env }) => env));
  const flags = new Set([...DEFINITIONS.map(({ flag }) => flag), ...OTHER_FLAGS]);
  const files = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(md|ya?ml|service)$/.test(file))
    .map((file) => join('examples', file));

  for (const file of [...files, 'Dockerfile']) {
    it(`${file} names no setting that does not exist`, () => {
      const text = readFileSync(join(process.cwd(), file), 'utf8');
      for (const [variable] of text.matchAll(/\b(OSPROFILER_BRIDGE|OTEL)_[A-Z0-9_]+\b/g)) {
        assert.ok(variables.has(variable), variable);
      }
      for (const [, given = ''] of text.matchAll(
        new RegExp(`(?:^|[\\s/\`])${PROGRAM}((?: [^\\s\`]+)+)`, 'gm'),
      )) {
        for (const [flag] of given.matchAll(/(?<= )--[a-z-]+/g)) assert.ok(flags.has(flag), flag);
      }
    });
  }
});

/** Settings from a command line and an environment, which must be right, known and complete. */
async function assertHold(env: Record<string, string>, args: readonly string[] = []) {
  const loaded = await load({ args, env });
  assert.deepEqual(loaded.warnings, []);
  return loaded;
}

function readCompose(folder: string) {
  return COMPOSE.parse(parse(read(folder, 'compose.yaml')));
}

/** Kubernetes reads YAML 1.1, in which 0440 is octal. */
function readObjects(file: string): KubernetesObject[] {
  const documents = parseAllDocuments(read('kubernetes', file), { version: '1.1' });
  return (Array.isArray(documents) ? documents : []).map((document) => KUBERNETES.parse(document.toJS()));
}

function readWorkload(file: string) {
  const objects = readObjects(file);
  const workload = objects.find(isWorkload)!;
  const { containers: main, initContainers = [] } = workload.spec.template.spec;
  const containers = [...main, ...initContainers];
  return { objects, workload, containers, bridge: containers.find(({ name }) => name === 'bridge')! };
}

function isWorkload(object: KubernetesObject): object is Workload {
  return object.kind === 'Deployment' || object.kind === 'StatefulSet';
}

/** Instructions with what follows them, continued lines joined. */
function readSteps(text: string): { readonly instruction: string; readonly rest: string }[] {
  const lines = text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n\s*/g, ' ')
    .split('\n');
  return lines
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, instruction = '', rest = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
      return { instruction, rest };
    });
}
