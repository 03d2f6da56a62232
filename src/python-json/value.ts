/** Values that Python's `json` puts on the wire, in JavaScript's terms, and safe ways to touch their members. */

/** What Python's `json` can put on the wire, in JavaScript's terms. Integers beyond 2^53 are bigints, exact. */
export type PyValue = null | boolean | number | bigint | string | PyValue[] | PyObject;

/** A JSON object. Keys are own properties, `__proto__` among them: never use `in` or inherited look-ups on one. */
export interface PyObject {
  [key: string]: PyValue;
}

/** Whether a value is a JSON object (not null, not a list). */
export function isObject(value: PyValue | undefined): value is PyObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An own property of an object; never an inherited one, whatever the key is called. */
export function own(object: PyObject, key: string): PyValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Sets an own property even when it is called `__proto__`, which an assignment would take for the prototype. */
export function setOwn(object: PyObject, key: string, value: PyValue): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    object[key] = value;
  }
}
