/** `compare`: two recordings, or two directories of them, by operation; a gate for continuous integration. */
import { BridgeError } from '../../errors.js';
import type { Settings } from '../../settings/settings.js';
import { type Comparison, compareTraces, type Difference, percentSlower } from '../../trace-view/compare.js';
import { plural } from '../../trace-view/format.js';
import { renderComparison } from '../../trace-view/terminal/report.js';
import { columnsOf, wantsColour } from '../../trace-view/terminal/text.js';
import type { CommandContext } from '../context.js';
import { recordedTraces } from '../recorded-traces.js';

/** @throws BridgeError SLOWER when the condition of `--fail-if` holds */
export async function execute(settings: Settings, context: CommandContext): Promise<number> {
  const { stdout, env } = context;
  const [before = '', after = '', ...others] = settings.operands;
  if (after === '' || others.length > 0)
    throw new BridgeError(
      'CONFIG_INVALID',
      'compare needs two operands: BEFORE and AFTER',
      'Several recordings of one side go into a directory.',
    );
  const comparison = compareTraces(
    await recordedTraces([before], settings, context),
    await recordedTraces([after], settings, context),
  );
  const text = settings.json
    ? `${JSON.stringify(comparison, undefined, 2)}\n`
    : renderComparison(comparison, {
        columns: columnsOf(stdout, env),
        colour: settings.color ?? wantsColour(stdout, env),
      });
  stdout.write(text);
  failIfSlower(comparison, settings.compare.failIf);
  return 0;
}

/** @param condition `slower>20%` */
function failIfSlower({ before, after, differences }: Comparison, condition: string | undefined): void {
  if (condition === undefined) return;
  const limit = Number(/[\d.]+/.exec(condition)?.[0]);
  const slower = differences.filter((one) => one.kind === 'slower' && percentSlower(one) > limit);
  const waited = (after.waitedMicros / before.waitedMicros - 1) * 100;
  if (slower.length === 0 && !(waited > limit)) return;
  const what = slower.length === 0 ? 'the whole' : namesOf(slower);
  throw new BridgeError('SLOWER', `more than ${limit} % slower: ${what}`);
}

function namesOf(slower: readonly Difference[]): string {
  const [{ service, name } = { service: '', name: '' }, ...others] = slower;
  const more = others.length === 0 ? '' : ` and ${plural(others.length, 'more operation')}`;
  return `${service} ${name}${more}`;
}
