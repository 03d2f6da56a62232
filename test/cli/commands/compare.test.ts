import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { recordedBoot } from '../../../src/cli/demo/recorded-boot.js';
import type { Comparison } from '../../../src/trace-view/compare.js';
import { widthOf } from '../../../src/trace-view/terminal/text.js';
import { recordedText } from '../../browser/boots.js';
import { secretsIn } from '../../support/secrets.js';
import { runHere } from '../run-here.js';

const BASE_ID = 'b9297a15-d298-4959-9755-e986eb9276d5';
const STAMP = /\\"timestamp\\": \\"(\d{4}-\d\d-\d\dT[\d:.]+)\\"/;

/** The recorded boot with one statement that takes 30 ms longer, and everything behind it 30 ms later. */
function slowerBoot(): string {
  const lines = recordedText().trim().split('\n');
  const at = lines.findIndex((line) => line.includes('db-start') && line.includes('FROM instances'));
  const begun = STAMP.exec(lines[at]!)![1]!;
  return lines
    .map((line) =>
      line.replace(STAMP, (all, stamp) => (stamp > begun ? all.replace(stamp, later(stamp)) : all)),
    )
    .join('\n');
}

function later(stamp: string): string {
  const moved = new Date(Date.parse(`${stamp.slice(0, 23)}Z`) + 30).toISOString().slice(0, 23);
  return moved + stamp.slice(23);
}

describe('report and compare', () => {
  let directory: string;
  let slower: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'compare-'));
    slower = join(directory, 'slower.ndjson');
    writeFileSync(slower, slowerBoot());
  });

  after(() => rmSync(directory, { recursive: true }));

  it('say why a recorded boot was slow, within the width', async () => {
    const { status, stdout } = await runHere(['report', recordedBoot()], { COLUMNS: '100' });
    assert.equal(status, 0);
    assert.match(stdout, /^1 trace, 1,761 spans, 13\.8 s\n\nCritical path: 8\.27 s, by time\n/);
    assert.match(
      stdout,
      /231 operations, by own time\n.+\n {2}keystone-public GET \/v3\/auth\/tokens +7 +5\.86 s +3\.30 s/,
    );
    assert.match(stdout, /SELECT below keystone-public GET \/v3\/auth\/tokens +51 +298 +806 ms/);
    assert.match(stdout, /ClientBase\.do_request {2}✗ NotFound: The resource could not be found/);
    for (const line of stdout.split('\n')) assert.ok(widthOf(line) <= 100, line);
    for (const secret of secretsIn(recordedText())) assert.ok(!stdout.includes(secret));
  });

  it('print JSON for scripts', async () => {
    const { stdout } = await runHere(['report', '--json', recordedBoot()]);
    const { traces } = JSON.parse(stdout) as { traces: { repeatedQueries: { count: number }[] }[] };
    assert.equal(traces[0]?.repeatedQueries[0]?.count, 298);
  });

  it('find no difference between a boot and itself', async () => {
    const { status, stdout } = await runHere([
      'compare',
      '--fail-if',
      'slower>0%',
      recordedBoot(),
      recordedBoot(),
    ]);
    assert.equal(status, 0);
    assert.match(stdout, /\nNo difference\.\n$/);
  });

  it('find one statement that takes 30 ms longer, and name it first', async () => {
    const { status, stdout } = await runHere(['compare', recordedBoot(), slower]);
    assert.equal(status, 0);
    const [first] = stdout.split('\n').slice(5);
    assert.match(first ?? '', /^ {2}slower {3}nova-\S+ SELECT.* \+30\.0 ms/);
  });

  it('end with a status of their own when something became slower than allowed', async () => {
    const args = ['compare', '--json', '--fail-if', 'slower>20%', recordedBoot(), slower];
    const { status, stdout, stderr } = await runHere(args);
    assert.equal(status, 11);
    assert.match(stderr, /^error SLOWER: more than 20 % slower: nova-\S+ SELECT/m);
    const { differences } = JSON.parse(stdout) as Comparison;
    assert.deepEqual([differences[0]?.kind, differences[0]?.selfChange], ['slower', 30_000]);
    const allowed = await runHere(['compare', '--fail-if', 'slower>5000%', recordedBoot(), slower]);
    assert.equal(allowed.status, 0);
  });

  it('compare the medians of several recordings in a directory', async () => {
    const several = mkdtempSync(join(directory, 'several-'));
    for (const run of [1, 2, 3]) {
      const text = run === 1 ? slowerBoot() : recordedText();
      writeFileSync(
        join(several, `${run}.ndjson`),
        text.replaceAll(BASE_ID, BASE_ID.replace(/^./, String(run))),
      );
    }
    const { stdout } = await runHere(['compare', recordedBoot(), several]);
    assert.match(stdout, /after {3}3 traces, 1,761 spans/);
    assert.match(stdout, /No difference\.\n$/);
  });

  it('want two operands that can be read', async () => {
    assert.equal((await runHere(['compare', recordedBoot()])).status, 2);
    const { status, stderr } = await runHere(['compare', join(directory, 'nothing'), recordedBoot()]);
    assert.equal(status, 3);
    assert.match(stderr, /INPUT_UNREADABLE/);
  });
});
