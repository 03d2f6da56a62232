// @ts-check
/** Prints what CHANGELOG.md says of a version: `node scripts/release-notes.mjs 0.1.0`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ROOT } from './install.mjs';

const [version = ''] = process.argv.slice(2);
const sections = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8').split(/^## /m);
const section = sections.find((each) => each.startsWith(`${version} `) || each.startsWith(`${version}\n`));
if (version === '' || section === undefined) fail(`CHANGELOG.md has no section "## ${version}"`);
process.stdout.write(`${section.slice(section.indexOf('\n')).trim()}\n`);
