/** The stylesheet, the script and the icon: files of the package, read once, named by their content. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../package-root.js';

const TYPES = {
  'page.css': 'text/css; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'page.svg': 'image/svg+xml',
} as const;

export type AssetName = keyof typeof TYPES;

export interface Asset {
  readonly body: string;
  readonly type: string;
  /** A hash of the body: another body has another address, so that browsers may keep it for ever. */
  readonly version: string;
}

const assets = new Map<AssetName, Asset>();

export function findAsset(name: string): Asset | undefined {
  return Object.hasOwn(TYPES, name) ? load(name as AssetName) : undefined;
}

export function assetUrl(name: AssetName): string {
  return `/assets/${name}?v=${load(name).version}`;
}

function load(name: AssetName): Asset {
  const known = assets.get(name);
  if (known !== undefined) return known;
  const body = readFileSync(join(packageRoot(), 'assets', name), 'utf8');
  const version = createHash('sha256').update(body).digest('hex').slice(0, 12);
  const asset = { body, type: TYPES[name], version };
  assets.set(name, asset);
  return asset;
}
