/** The program, started by bin/osprofiler-otel-bridge.cjs. */
import process from 'node:process';
import { main } from './cli.js';

const status = await main(process.argv.slice(2), process);
// A callback behind what was written, since leaving does not wait for pipes everywhere.
process.stdout.write('', () => process.exit(status));
