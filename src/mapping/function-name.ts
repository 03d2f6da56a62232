/**
 * Python's names for functions, as people say them. osprofiler sends `info.function.name` as
 * `module.Class.method` (oslo.utils' `reflection.get_callable_name`: the module and `__qualname__`), with
 * `<locals>` where a function was defined inside another one.
 */

/** The longest text looked at, in characters; nothing that long is a name. */
const MAX_INPUT = 2048;
/** The longest name given, in characters. */
const MAX_NAME = 255;
/** How often a `repr()` is looked into: a partial of a partial of a function. */
const MAX_UNWRAPPINGS = 4;

const IDENTIFIER = /^[\p{ID_Start}_]\p{ID_Continue}*$/u;
const CLASS_NAME = /^_*\p{Lu}/u;
const CLIENT_CLASS = /(?:API|Api|Client)$/;
/** What Python calls functions that have no name; `<module>` is code outside any function. */
const ANONYMOUS = /^<(?:lambda|listcomp|setcomp|dictcomp|genexpr|module)>$/;

/** Texts that stand for a callable: `repr()`s and calls, each with the callable's name, or its `repr()`, as a group. */
const WRAPPINGS: readonly RegExp[] = [
  /^functools\.partial(?:method)?\((.+)$/s,
  /^<(?:cyfunction|function|bound method|built-in function|built-in method) ([^\s,]+?)>?(?:[\s,]|$)/,
  /^<class '([^']+)'>/,
  /^<(\S+) object at 0x/,
  /^([^\s(<]+)\(/,
];

/** A function's name taken apart. */
export interface FunctionParts {
  /** The dotted module: `nova.compute.manager`; `__main__` in a script; empty when the name says none. */
  readonly module: string;
  /** The class whose method it is, of nested classes the innermost. */
  readonly class?: string;
  /** Of a function inside a function, where neither is a method: the outermost. */
  readonly outer?: string;
  /** The function's own name. Of a function inside a method the method's: how it was wrapped is not what it does. */
  readonly method: string;
}

/**
 * Takes a function's name apart. A class is known by its capital letter, or by its place behind `<locals>`.
 * @param full - `info.function.name` as it was sent, or the `repr()` of a callable.
 * @returns undefined when there is no name in it.
 */
export function functionParts(full: string): FunctionParts | undefined {
  const scopes = scopesOf(full);
  const [top, ...inner] = scopes ?? [];
  if (top === undefined) return undefined;
  const classAt = top.length - 2;
  const topIsMethod = classAt >= 0 && CLASS_NAME.test(top[classAt]!);
  const module = moduleOf(top);
  const method = inner.findLast((scope) => scope.length > 1) ?? (topIsMethod ? top : undefined);
  if (method !== undefined) return { module, class: method.at(-2)!, method: method.at(-1)! };
  const innermost = inner.at(-1);
  if (innermost === undefined) return { module, method: top.at(-1)! };
  return { module, outer: top.at(-1)!, method: innermost.at(-1)! };
}

/**
 * The name that people say:
 * - `ComputeManager.build_and_run_instance` for a method, and for what its decorators put inside it;
 * - `utils.execute`, its module's last part and itself, for a function; `execute` alone when that part is dunder;
 * - `expected_exceptions.inner`, the outermost and the innermost, for a function inside functions.
 *
 * Lambdas and comprehensions go by the function they are in, else are `utils.<lambda>`. At most 255 characters.
 * @param full - `info.function.name` as it was sent, or the `repr()` of a callable.
 * @returns undefined when there is no name in it: the trace point's own name has to do.
 */
export function functionName(full: string): string | undefined {
  const parts = functionParts(full);
  if (parts === undefined) return undefined;
  const owner = parts.class ?? parts.outer ?? sayableModule(parts.module);
  const name = owner === undefined ? parts.method : `${owner}.${parts.method}`;
  if (name.length <= MAX_NAME) return name;
  return parts.method.length <= MAX_NAME ? parts.method : undefined;
}

/**
 * Whether the function is a method of a client class, whose calls go out to another service: its module is, or is in,
 * an `rpcapi`, or its class is called `…API`, `…Api` (Neutron's agents spell it so) or `…Client`.
 * @param full - as for {@link functionName}.
 */
export function isClientClass(full: string): boolean {
  const parts = functionParts(full);
  if (parts === undefined) return false;
  return CLIENT_CLASS.test(parts.class ?? '') || parts.module.split('.').includes('rpcapi');
}

/**
 * The name cut at `<locals>`, each scope into its parts: first the module's path with classes and function, then what
 * is defined inside, of which lambdas and the like are left out. undefined when it is not a dotted name.
 */
function scopesOf(full: string): string[][] | undefined {
  const scopes: string[][] = [[]];
  for (const part of unwrapped(full).split('.')) {
    if (part === '<locals>') scopes.push([]);
    else if (IDENTIFIER.test(part)) scopes.at(-1)!.push(part);
    else if (!ANONYMOUS.test(part)) return undefined;
    else if (scopes.length === 1) scopes[0]!.push(part);
  }
  const [top] = scopes;
  if (!top!.some((part) => IDENTIFIER.test(part))) return undefined;
  return scopes.filter((scope) => scope.length > 0);
}

/** What stands before the function and its classes. */
function moduleOf(top: readonly string[]): string {
  const before = top.slice(0, -1);
  const firstClass = before.findIndex((part) => CLASS_NAME.test(part));
  return before.slice(0, firstClass === -1 ? undefined : firstClass).join('.');
}

/** The part of a module's path that tells something: `__main__` and `__init__` do not. */
function sayableModule(module: string): string | undefined {
  const last = module.slice(module.lastIndexOf('.') + 1);
  return last === '' || last.startsWith('__') ? undefined : last;
}

/** The name inside `repr()`s and calls, or the text as it is. */
function unwrapped(full: string): string {
  let text = full.length > MAX_INPUT ? '' : full.trim();
  for (let depth = 0; depth < MAX_UNWRAPPINGS; depth += 1) {
    const wrapping = WRAPPINGS.find((candidate) => candidate.test(text));
    if (wrapping === undefined) break;
    text = wrapping.exec(text)![1]!.trim();
  }
  return text;
}
