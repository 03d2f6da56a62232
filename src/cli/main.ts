#!/usr/bin/env -S node --max-semi-space-size=16 --no-parallel-scavenge --initial-old-space-size=64 --max-inlined-bytecode-size-cumulative=460
/** The program: `osprofiler-otel-bridge`. */
import process from 'node:process';
import { main } from './cli.js';

const status = await main(process.argv.slice(2), process);
// A callback behind what was written, since leaving does not wait for pipes everywhere.
process.stdout.write('', () => process.exit(status));
