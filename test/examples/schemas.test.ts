/** The Compose files and Kubernetes objects of the examples against the schemas of those who read them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import * as keda from '@kubernetes-models/keda/keda.sh/v1alpha1';
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as apps from 'kubernetes-models/apps/v1';
import * as policy from 'kubernetes-models/policy/v1';
import * as core from 'kubernetes-models/v1';
import { parse, parseAllDocuments } from 'yaml';

interface Model {
  validate(): void;
}
type Models = Readonly<Record<string, new (data: never) => Model>>;

const MODELS: Readonly<Record<string, Models>> = {
  v1: core as unknown as Models,
  'apps/v1': apps as unknown as Models,
  'policy/v1': policy as unknown as Models,
  'keda.sh/v1alpha1': keda as unknown as Models,
};

const EXAMPLES = join(process.cwd(), 'examples');
const files = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.yaml'),
);
const read = (file: string): string => readFileSync(join(EXAMPLES, file), 'utf8');

describe('by the schema of the Compose specification', () => {
  const schema = readFileSync(join(process.cwd(), 'test/fixtures/schemas/compose-spec.json'), 'utf8');
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(JSON.parse(schema));
  const composed = files.filter((file) => file.endsWith('compose.yaml'));

  for (const file of composed) {
    it(`${file} is right`, () => {
      assert.ok(validate(parse(read(file))), JSON.stringify(validate.errors));
    });
  }

  it('a wrong file is wrong', () => {
    const [file = ''] = composed;
    const wrong = parse(read(file)) as { services: Record<string, unknown> };
    assert.equal(validate({ ...wrong, services: { bridge: { imagine: 'none' } } }), false);
  });
});

describe('by the schemas of Kubernetes and KEDA', () => {
  for (const file of files.filter((each) => each.startsWith('kubernetes'))) {
    // Kubernetes reads YAML 1.1, in which 0440 is octal.
    const objects = parseAllDocuments(read(file), { version: '1.1' }).map(
      (document) => document.toJS() as { apiVersion: string; kind: string },
    );
    for (const object of objects) {
      it(`${object.kind} in ${file} is right`, () => modelOf(object).validate());
    }
  }

  it('a wrong object is wrong', () => {
    const wrong = { apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas: 'three' } };
    assert.throws(() => modelOf(wrong).validate(), /replicas must be integer/);
  });
});

function modelOf(object: { readonly apiVersion: string; readonly kind: string }): Model {
  const Kind = MODELS[object.apiVersion]?.[object.kind];
  assert.ok(Kind, `no schema for ${object.apiVersion} ${object.kind}`);
  return new Kind(object as never);
}
