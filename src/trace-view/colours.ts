/** A colour's number for each service: the same in every trace, and no two services of one trace share one. Pure. */

/** Numbers below `count`; with more services than numbers some share one. */
export function slotsFor(services: Iterable<string>, count: number): Map<string, number> {
  const slots = new Map<string, number>();
  const taken = new Set<number>();
  for (const service of [...new Set(services)].sort()) {
    if (taken.size === count) taken.clear();
    let slot = hash(service) % count;
    while (taken.has(slot)) slot = (slot + 1) % count;
    slots.set(service, slot);
    taken.add(slot);
  }
  return slots;
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
}
