/** The Helm chart, judged by helm, by the schemas of Kubernetes and KEDA, and by the bridge that reads its settings. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import * as keda from '@kubernetes-models/keda/keda.sh/v1alpha1';
import * as apps from 'kubernetes-models/apps/v1';
import * as policy from 'kubernetes-models/policy/v1';
import * as core from 'kubernetes-models/v1';
import { parseAllDocuments } from 'yaml';
import { load } from '../settings/load.js';

const HELM = process.env['OSPROFILER_BRIDGE_TEST_HELM'] ?? 'helm';
const CHART = 'charts/osprofiler-otel-bridge';
const URL = 'transportUrl.value=rabbit://tracer:secret@rabbitmq:5672/';

interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: Readonly<Record<string, unknown>>;
}
type Models = Readonly<Record<string, new (data: never) => { validate(): void }>>;

const MODELS: Readonly<Record<string, Models>> = {
  v1: core as unknown as Models,
  'apps/v1': apps as unknown as Models,
  'policy/v1': policy as unknown as Models,
  'keda.sh/v1alpha1': keda as unknown as Models,
};

const SHARDED = ['sharding.enabled=true', 'keda.enabled=true', 'keda.managementUrl.existingSecret=rabbitmq'];
const VALUES: Readonly<Record<string, readonly string[]>> = {
  'one bridge and a standby': [URL],
  'a Secret that is there, monitored': ['transportUrl.existingSecret=mine', 'podMonitor.enabled=true'],
  'shards, scaled by KEDA': [URL, ...SHARDED],
  'more in the pods': [
    URL,
    'podLabels.team=cloud',
    'podAnnotations.note=x',
    'nodeSelector.role=infra',
    'extraEnv[0].name=A',
    'extraEnv[0].value=b',
    'imagePullSecrets[0].name=pull',
  ],
};

function helm(...args: readonly string[]) {
  const { status, stdout, stderr, error } = spawnSync(HELM, args, { encoding: 'utf8' });
  assert.equal(error, undefined);
  return { status, stdout, stderr };
}

const setting = (values: readonly string[]) => values.flatMap((value) => ['--set', value]);

function render(values: readonly string[]): KubernetesObject[] {
  const { status, stdout, stderr } = helm(
    'template',
    'bridge',
    CHART,
    '--kube-version',
    '1.31.0',
    ...setting(values),
  );
  assert.equal(status, 0, stderr);
  // Kubernetes reads YAML 1.1, in which 0440 is octal.
  const documents = parseAllDocuments(stdout, { version: '1.1' });
  return documents
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((each) => each !== null);
}

describe('the Helm chart', () => {
  for (const [name, values] of Object.entries(VALUES)) {
    it(`is right for ${name}`, async () => {
      const lint = helm('lint', '--strict', CHART, ...setting(values));
      assert.equal(lint.status, 0, lint.stdout + lint.stderr);
      const objects = render(values);
      for (const object of objects) {
        // There is no package with the schema of the Prometheus operator's PodMonitor among the tests' own.
        if (object.kind === 'PodMonitor') continue;
        const Kind = MODELS[object.apiVersion]?.[object.kind];
        assert.ok(Kind, `no schema for ${object.apiVersion} ${object.kind}`);
        new Kind(object as never).validate();
      }
      const file = objects.find(({ kind }) => kind === 'ConfigMap')?.data?.['bridge.yaml'] ?? '';
      const { settings, warnings } = await load({ args: ['run'], file });
      assert.deepEqual(warnings, []);
      assert.deepEqual(settings.listen, { host: '0.0.0.0', port: 13_133 });
      assert.equal(settings.exporter.url, 'http://opentelemetry-collector:4318/v1/traces');
    });
  }

  it("has sharders and replicas, whose numbers are KEDA's, when it is sharded", () => {
    const objects = render(VALUES['shards, scaled by KEDA']!);
    const names = (wanted: string) =>
      objects.filter(({ kind }) => kind === wanted).map(({ metadata }) => metadata.name);
    const both = ['bridge-osprofiler-otel-bridge-run', 'bridge-osprofiler-otel-bridge-shard'];
    assert.deepEqual(names('Deployment'), both);
    assert.deepEqual(names('ScaledObject'), both);
    for (const { kind, spec } of objects)
      if (kind === 'Deployment') assert.equal(spec?.['replicas'], undefined);
  });

  it('lets a node be drained while no pod is ready, as when the backend is down', () => {
    const [budget] = render([URL]).filter(({ kind }) => kind === 'PodDisruptionBudget');
    assert.equal(budget?.spec?.['unhealthyPodEvictionPolicy'], 'AlwaysAllow');
  });

  for (const [name, [values, reason]] of Object.entries({
    'no broker': [[], /set transportUrl\.existingSecret, or transportUrl\.value/],
    'a value that is unknown': [[URL, 'replica=3'], /replica/],
    'a value of the wrong type': [[URL, 'replicas=many'], /replicas/],
    'KEDA without shards': [[URL, 'keda.enabled=true'], /keda needs sharding\.enabled/],
  } satisfies Record<string, [string[], RegExp]>)) {
    it(`refuses ${name}`, () => {
      const { status, stderr } = helm(
        'template',
        'bridge',
        CHART,
        '--kube-version',
        '1.31.0',
        ...setting(values),
      );
      assert.notEqual(status, 0);
      assert.match(stderr, reason);
    });
  }
});
