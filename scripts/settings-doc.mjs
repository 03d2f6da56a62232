/**
 * Writes docs/settings.md, docs/otel.md and the manual page from the settings that the built program declares. Usage, after `npm run build`:
 *   node scripts/settings-doc.mjs
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { manPage } from '../dist/cli/man-page.js';
import { otelDocument } from '../dist/settings/otel.js';
import { settingsDocument } from '../dist/settings/settings-doc.js';

const docs = new URL('../docs/', import.meta.url);
await mkdir(docs, { recursive: true });
await writeFile(new URL('settings.md', docs), settingsDocument());
await writeFile(new URL('otel.md', docs), otelDocument());
const man = new URL('../man/', import.meta.url);
await mkdir(man, { recursive: true });
await writeFile(new URL('osprofiler-otel-bridge.1', man), manPage());
