/** Bytes for what is written one behind the other: so many at a time, since each buffer of its own costs as much as a span. */
const SLAB_BYTES = 256 * 1024;

let slab = Buffer.alloc(0);
let length = 0;

/** The buffer in which the next `most` bytes can be written, and where: up to {@link used} they are nobody else's. */
export function reserve(most: number): { readonly bytes: Buffer; readonly begin: number } {
  if (slab.length - length < most) {
    slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, most));
    length = 0;
  }
  return { bytes: slab, begin: length };
}

/** So much of what was reserved last is written, and stays. */
export function used(bytes: number): void {
  length += bytes;
}
