import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { completionScript, SHELLS } from '../../src/cli/completion.js';
import { COMMANDS } from '../../src/settings/definition.js';
import { DEFINITIONS } from '../../src/settings/settings.js';
import { runHere } from './run-here.js';

/** What bash offers for the last of the words. */
function offered(...words: string[]): string[] {
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const program = `${completionScript('bash')}
COMP_WORDS=(osprofiler-otel-bridge ${quoted}); COMP_CWORD=${words.length}
_osprofiler_otel_bridge; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync('bash', ['-c', program], { encoding: 'utf8' });
  assert.deepEqual([status, stderr], [0, '']);
  return stdout.trim().split('\n');
}

describe('completion', () => {
  test('in bash offers commands, settings of the command, and values of a choice', () => {
    assert.deepEqual(
      offered('re'),
      COMMANDS.filter((command) => command.startsWith('re')),
    );
    assert.deepEqual(offered('replay', '--sh'), ['--shift']);
    assert.deepEqual(offered('run', '--mode', ''), ['drain', 'tap']);
    assert.deepEqual(offered('--mode', 't'), ['tap']);
    assert.deepEqual(offered('dead-letters', 'pu'), ['purge']);
    assert.deepEqual(offered('run', '--config', 'package.j'), ['package.json']);
    assert.deepEqual(offered('replay', '--no-pro'), ['--no-progress']);
  });

  for (const shell of SHELLS) {
    test(`for ${shell} knows every command and every setting`, async () => {
      const { status, stdout } = await runHere(['completion', shell]);
      assert.equal(status, 0);
      for (const command of COMMANDS) assert.ok(stdout.includes(command), command);
      for (const { flag } of DEFINITIONS)
        assert.ok(stdout.includes(shell === 'fish' ? `-l ${flag.slice(2)}` : flag), flag);
    });
  }

  test('is refused for another shell', async () => {
    const { status, stderr } = await runHere(['completion', 'tcsh']);
    assert.equal(status, 2);
    assert.match(stderr, /completion 'tcsh': expected one of bash, zsh, fish/);
  });
});
