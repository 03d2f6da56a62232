import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maskArguments } from '../../../src/mapping/masking/arguments.js';

const API = '<nova.compute.api.API object at 0x7f01>, <nova.context.RequestContext object at 0x7f02>';

test('passwords that nova passes by position are masked', () => {
  const cases: [method: string, args: string, masked: string][] = [
    ['set_admin_password', `(${API}, Instance(uuid=cb79), 'x')`, `(${API}, Instance(uuid=cb79), '***')`],
    [
      'rebuild',
      `(${API}, Instance(id=1,a='b'), 'image', 'x')`,
      `(${API}, Instance(id=1,a='b'), 'image', '***')`,
    ],
    [
      'evacuate',
      `(${API}, Instance(id=1), 'cmp-02', True, 'x', None)`,
      `(${API}, Instance(id=1), 'cmp-02', True, '***', None)`,
    ],
  ];
  for (const [method, args, masked] of cases)
    assert.equal(maskArguments(`nova.compute.api.API.${method}`, args), masked);
});

test('quoted arguments of a function that speaks of secrets are masked, whatever project it is of', () => {
  assert.equal(
    maskArguments('acme.api.Api.reset_password', "(<Api object at 0x1>, 'jane', 7)"),
    "(<Api object at 0x1>, '***', 7)",
  );
  assert.equal(maskArguments('acme.SecretStore.put', `(b'x', "y", ['z'])`), `('***', "***", '***')`);
});

test('arguments of other functions stay as they are, but for secrets under their keys', () => {
  const args = `(${API}, 'vm1', {'admin_pass': 'x'})`;
  assert.equal(maskArguments('nova.compute.api.API.create', args), `(${API}, 'vm1', {'admin_pass': '***'})`);
});

test('arguments that are no tuple are masked whole where they may hold a secret', () => {
  assert.equal(maskArguments('nova.compute.api.API.set_admin_password', "'x', 'y'"), '***');
  assert.equal(maskArguments('nova.compute.api.API.set_admin_password', "(1, 2, 3, 'x"), "(1, 2, 3, '***'");
});

test('hostile arguments of a megabyte are done with in time linear in their length', () => {
  for (const part of ["'", '(', '<', "b'x", ', ', "\\'", '{[', 'a<', "'x',"]) {
    const begin = performance.now();
    maskArguments('a.set_password', `(${part.repeat(300_000 / part.length)}`);
    assert.ok(performance.now() - begin < 5_000, part);
  }
});
