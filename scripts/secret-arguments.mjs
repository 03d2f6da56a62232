/**
 * Makes src/mapping/masking/secret-arguments.ts anew: for each OpenStack project the methods whose parameters carry
 * secrets, and from which position on. Needs `npm run build`, python3, and a folder of checkouts, one a project:
 *   node scripts/secret-arguments.mjs <folder>
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSecretKey } from '../dist/mapping/masking/mask.js';

const OUT = new URL('../src/mapping/masking/secret-arguments.ts', import.meta.url);
/** Prints `[module, method, [parameters]]` of every public method that osprofiler's trace_cls traces by default. */
const METHODS = `
import ast, json, os, sys
found = []
for root, folders, files in os.walk(sys.argv[1]):
    folders[:] = [f for f in folders if f not in ('tests', 'test', 'migrations', 'alembic', 'cmd', 'cli')]
    for file in files:
        if not file.endswith('.py'):
            continue
        path = os.path.join(root, file)
        try:
            tree = ast.parse(open(path, encoding='utf8').read())
        except SyntaxError:
            continue
        module = os.path.relpath(path, sys.argv[1])[:-3].replace(os.sep, '.')
        for owner in ast.walk(tree):
            for item in owner.body if isinstance(owner, ast.ClassDef) else []:
                if not isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)) or item.name.startswith('_'):
                    continue
                marks = [ast.unparse(mark) for mark in item.decorator_list]
                if any(m in ('staticmethod', 'classmethod', 'property') or m.endswith('.setter') for m in marks):
                    continue
                args = item.args.posonlyargs + item.args.args
                found.append([module, item.name, [arg.arg for arg in args]])
json.dump(found, sys.stdout)
`;
/** REST controllers are not traced, and have methods called \`get\` and \`post\`. */
const NOT_TRACED = /\.api\.(?:controllers|openstack)\.|^keystone\.api\./;
/** Parameters that only sound like secrets: Heat's cookie is the state of a task. */
const HARMLESS = new Set(['cookie', 'payload', 'sort_key', 'keyring']);

const isSecret = (parameter) => isSecretKey(parameter) && !HARMLESS.has(parameter);

function positionsIn(folder) {
  const { stdout, status, stderr } = spawnSync('python3', ['-c', METHODS, folder], { maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(String(stderr));
  const positions = new Map();
  for (const [module, method, parameters] of JSON.parse(String(stdout))) {
    const first = parameters.findIndex(isSecret);
    if (first <= 0 || NOT_TRACED.test(module)) continue;
    positions.set(method, Math.min(first, positions.get(method) ?? first));
  }
  return positions;
}

const lines = [];
for (const project of readdirSync(process.argv[2]).sort()) {
  const positions = positionsIn(join(process.argv[2], project));
  const byPosition = new Map();
  for (const [method, at] of [...positions].sort())
    byPosition.set(at, [...(byPosition.get(at) ?? []), method]);
  if (byPosition.size === 0) continue;
  lines.push(`  ${project}: {`);
  for (const [at, methods] of [...byPosition].sort(([one], [other]) => one - other)) {
    const words = `${methods.join(' ')}`.match(/.{1,100}(?:\s|$)/g).map((line) => line.trim());
    lines.push(`    ${at}: \`${words.join('\n      ')}\`,`);
  }
  lines.push('  },');
}
writeFileSync(
  OUT,
  `/**
 * Methods of OpenStack's projects that take secrets by position. Facts read in the projects' sources by
 * scripts/secret-arguments.mjs, which makes this file: do not edit it.
 */

/** By project, the methods by the position of their first secret parameter; \`self\` is at 0. */
export const SECRET_ARGUMENTS: Readonly<Record<string, Readonly<Record<number, string>>>> = {
${lines.join('\n')}
};
`,
);
