/** `npm run bench`: what is measured, how much of it, and where the results go. */
import { parseArgs } from 'node:util';
import { drain } from './drain.js';

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    notifications: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', multiple: true },
  },
});
const say = (text: string) => process.stderr.write(`${text}\n`);
const results = await drain(
  {
    notifications: Number(values.notifications),
    rounds: Number(values.rounds),
    ...(values.only === undefined ? {} : { only: values.only }),
  },
  say,
);
process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
