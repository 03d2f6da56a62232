import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { METRICS, type MetricDefinition } from '../../../src/sidecar/metrics/catalogue.js';
import { metricsDocument } from '../../../src/sidecar/metrics/metrics-doc.js';

const definitions: readonly MetricDefinition[] = Object.values(METRICS);

it('docs/metrics.md is what the metrics declare (else: npm run build && node scripts/metrics-doc.mjs)', () => {
  assert.equal(readFileSync(join(process.cwd(), 'docs/metrics.md'), 'utf8'), metricsDocument());
});

describe('the declared metrics', () => {
  it("have names by OpenTelemetry's conventions, each its own", () => {
    const names = definitions.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    for (const name of names) {
      assert.match(name, /^osprofiler_bridge(?:\.[a-z][a-z_]*)+$/);
      assert.doesNotMatch(name, /(?:total|seconds|bytes|count)$/, 'units and totals are added by Prometheus');
    }
  });

  it('have a unit of UCUM, and a description', () => {
    for (const { name, unit, description, kind } of definitions) {
      assert.match(unit, kind === 'gauge' ? /^$/ : /^(?:s|By|\{[a-z]+\})$/, name);
      assert.match(description, /\.$/, name);
    }
  });
});
