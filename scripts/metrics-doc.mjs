/**
 * Writes docs/metrics.md from the metrics that the built program declares. Usage, after `npm run build`:
 *   node scripts/metrics-doc.mjs
 */
import { writeFile } from 'node:fs/promises';
import { metricsDocument } from '../dist/sidecar/metrics/metrics-doc.js';

await writeFile(new URL('../docs/metrics.md', import.meta.url), metricsDocument());
