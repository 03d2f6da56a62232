import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readArguments } from '../../src/cli/arguments.js';
import { packageVersion } from '../../src/cli/version.js';
import { COMMANDS } from '../../src/settings/definition.js';
import { shown } from '../../src/settings/kinds.js';
import { DEFINITIONS, settingsOf } from '../../src/settings/settings.js';
import { runProgram, runWithClosedStdout } from './spawn.js';

function helpOf(args: readonly string[]): string {
  let help = '';
  const invocation = readArguments(args, '1.2.3', (text) => {
    help += text;
  });
  assert.equal(invocation, undefined);
  return help;
}

describe('help', () => {
  for (const command of COMMANDS) {
    test(`of ${command} has a synopsis, every setting with its variable, examples and exit statuses`, () => {
      const help = helpOf([command, '--help']);
      assert.match(help, new RegExp(`^Usage: osprofiler-otel-bridge ${command} \\[settings\\]`));
      for (const { flag, argument, env } of settingsOf(command)) {
        assert.ok(help.includes(`  ${`${flag} ${argument}`.trim()} `), flag);
        for (const variable of env) assert.ok(help.includes(variable), variable);
      }
      const first = ['\nThis command:\n', '\nRunning and logging:\n'].map((title) => help.indexOf(title));
      assert.ok(help.indexOf('\nExamples:\n') < Math.min(...first.filter((at) => at !== -1)));
      const [own = -1, shared = -1] = first;
      assert.ok(own < shared);
      assert.match(help, /\nExamples:\n {2}# .+\n {2}\S/);
      assert.match(help, /\nExit status:\n {2}0 {6}done\n/);
      assert.match(help, /--print-config/);
    });
  }

  test('of the program lists the commands and exit statuses, and is what help and help COMMAND give', () => {
    const help = helpOf(['--help']);
    for (const command of COMMANDS) assert.match(help, new RegExp(`\\n  ${command} `));
    assert.match(help, /\n {2}128\+n {2}a second signal n/);
    assert.equal(helpOf(['help']), help);
    assert.equal(helpOf(['help', 'record']), helpOf(['record', '--help']));
  });
});

describe('arguments', () => {
  const read = (...args: string[]) => readArguments(args, '1.2.3', () => undefined)!;

  test('without a command mean run', () => {
    assert.equal(read().command, 'run');
    assert.equal(read('--mode', 'tap').command, 'run');
    assert.deepEqual([...read('--mode', 'tap').flags], [['broker.mode', ['tap']]]);
  });

  test('of replay are files, behind -- even such as look like flags', () => {
    assert.deepEqual(read('replay', '--shift', 'a', '-', 'b').operands, ['a', '-', 'b']);
    assert.deepEqual(read('replay', 'a', '--', '--shift', '--').operands, ['a', '--shift', '--']);
    assert.deepEqual([...read('replay', '--no-progress', 'a').flags], [['replay.progress', false]]);
  });

  test('leave unsaid switches unsaid', () => {
    assert.equal(read('run').flags.size, 0);
  });
});

describe('the declared settings', () => {
  const all = DEFINITIONS;

  test('have keys, flags and variables of their own', () => {
    // OpenTelemetry's variables for all signals are read for each of them.
    const shared = /^OTEL_EXPORTER_OTLP_(?!TRACES_|METRICS_)/;
    for (const names of [
      all.map(({ key }) => key),
      all.map(({ flag }) => flag),
      all.flatMap(({ env }) => env).filter((name) => !shared.test(name)),
    ]) {
      assert.equal(new Set(names).size, names.length);
    }
  });

  for (const { key, kind, example, default: value } of all) {
    test(`${key}: its example is right, and its default reads back as it is shown`, () => {
      assert.ok(kind.schema.safeParse(example).success);
      if (value === undefined) return;
      assert.deepEqual(kind.schema.parse(shown(kind, value as NonNullable<unknown>)), value);
    });
  }
});

describe('the program', () => {
  test('prints help and version and leaves with 0', async () => {
    assert.deepEqual(await runProgram(['--version']), {
      status: 0,
      stdout: `${packageVersion()}\n`,
      stderr: '',
    });
    const help = await runProgram(['--help']);
    assert.deepEqual([help.status, help.stderr], [0, '']);
  });

  test('prints the configuration of any command and leaves with 0', async () => {
    for (const command of COMMANDS) {
      const { status, stdout, stderr } = await runProgram([command, '--print-config'], {
        OSPROFILER_BRIDGE_X: '1',
      });
      assert.deepEqual([status, stderr], [0, 'warning: OSPROFILER_BRIDGE_X: there is no such setting\n']);
      assert.match(stdout, new RegExp(`^# The settings of ${command};`));
    }
  });

  const wrong: [string, string[], NodeJS.ProcessEnv, RegExp][] = [
    [
      'a wrong setting',
      ['--mode', 'x'],
      {},
      /^error CONFIG_INVALID: --mode 'x': expected drain or tap\nhint: .*--help/,
    ],
    [
      'a wrong variable',
      ['record'],
      { OSPROFILER_BRIDGE_LIMIT: '-1' },
      /^error CONFIG_INVALID: OSPROFILER_BRIDGE_LIMIT/,
    ],
    ['an unknown flag', ['--vrebose'], {}, /: --vrebose: run has no such flag; did you mean --verbose\?/],
    ['a misspelt command', ['rnu'], {}, /'rnu': there is no such command; did you mean run\?/],
    [
      'replay without files',
      ['replay'],
      {},
      /^error CONFIG_INVALID: replay: needs at least one FILE, or - for stdin\n/,
    ],
    ['stdin twice', ['replay', '-', '-'], {}, /stdin can be read only once/],
    [
      'a settings file that is missing',
      ['--config', 'nowhere.yaml'],
      {},
      /^error CONFIG_UNREADABLE: nowhere\.yaml: /,
    ],
    [
      'one named by variable',
      [],
      { OSPROFILER_BRIDGE_CONFIG: 'no.yaml' },
      /^error CONFIG_UNREADABLE: no\.yaml: /,
    ],
  ];
  for (const [name, args, env, expected] of wrong) {
    test(`leaves with 2 on ${name}, with a message on stderr`, async () => {
      const { status, stdout, stderr } = await runProgram(args, env);
      assert.deepEqual([status, stdout], [2, '']);
      assert.match(stderr, expected);
    });
  }

  test('leaves quietly when nobody reads its output', async () => {
    assert.deepEqual(await runWithClosedStdout(['run', '--help']), { status: 0, stderr: '' });
  });
});
