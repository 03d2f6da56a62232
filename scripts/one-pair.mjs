// @ts-check
/**
 * `node scripts/one-pair.mjs`: the files and functions that one start and one stop of a SQL statement pass, from delivery
 * to acknowledgement. Needs the compiled tests: `npx tsc -p tsconfig.json`.
 */
import { coverOnePair } from '../build/test/support/one-pair.js';

const called = await coverOnePair();
for (const [file, names] of called) console.log(`${file.padEnd(32)} ${names.join(' ')}`);
const functions = [...called.values()].flat().length;
console.log(`\n${called.size} files, ${functions} functions`);
