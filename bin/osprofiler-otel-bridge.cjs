#!/usr/bin/env -S node --max-semi-space-size=16 --no-parallel-scavenge --initial-old-space-size=64 --max-inlined-bytecode-size-cumulative=460
// The program: checks the version of Node.js before it loads anything that an old one cannot read.
'use strict';

require('./node-version.cjs');
import('../dist/cli/main.js');
