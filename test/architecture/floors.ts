/** The floors of src, as src/README.md has them. A module is a folder of src, or a file that lies in src itself. */
export const FLOORS = {
  products: ['cli', 'sidecar', 'settings', 'doctor', 'trace-view', 'sharding', 'index'],
  bridge: [
    ...['bridge', 'pipeline', 'assembler', 'in-flight', 'counts', 'fast'],
    ...['library', 'translator', 'metrics', 'window', 'propagation'],
  ],
  parts: ['codec', 'pairing', 'mapping', 'rabbitmq', 'recordings', 'export'],
  ground: [
    ...['contracts', 'trace-point', 'encoded-span', 'python-json', 'timestamp', 'uuid', 'oslo'],
    ...['clock', 'pause', 'errors', 'version', 'supported-node'],
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type Floor = keyof typeof FLOORS;

/** From the top to the ground. */
export const FLOOR_NAMES = Object.keys(FLOORS) as Floor[];

/** @returns undefined for a module that nobody has thought about. */
export function floorOf(module: string): Floor | undefined {
  return FLOOR_NAMES.find((floor) => (FLOORS[floor] as readonly string[]).includes(module));
}
