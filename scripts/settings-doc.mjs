/**
 * Writes docs/settings.md and docs/otel.md from the settings that the built program declares. Usage, after `npm run build`:
 *   node scripts/settings-doc.mjs
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { otelDocument } from '../dist/settings/otel.js';
import { settingsDocument } from '../dist/settings/settings-doc.js';

const docs = new URL('../docs/', import.meta.url);
await mkdir(docs, { recursive: true });
await writeFile(new URL('settings.md', docs), settingsDocument());
await writeFile(new URL('otel.md', docs), otelDocument());
