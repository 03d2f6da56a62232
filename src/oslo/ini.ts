/**
 * Files of oslo.config, parsed by its own rules (openstack/oslo.config `iniparser.py`, and `cfg.py` for sections and
 * `$` references). No INI library does: they take `;` and `#` within a line for comments, and passwords contain both.
 * Problems give the line's number and never its text.
 */

/** One assignment's value: quotes removed, continuation lines joined by line ends, `$` not yet looked at. */
export interface IniValue {
  readonly text: string;
  /** For problems: `nova.conf: line 7`, counted from 1. */
  readonly where: string;
}

/** Section → key → values in the file's order. Names of sections are in lower case except `DEFAULT`. */
export type IniSections = ReadonlyMap<string, ReadonlyMap<string, readonly IniValue[]>>;

interface Problem {
  readonly ok: false;
  readonly problem: string;
}

export type ParsedIni = { readonly ok: true; readonly sections: IniSections } | Problem;

export type Expanded = { readonly ok: true; readonly value: string } | Problem;

/** What Python's `str.strip` takes off: JavaScript's `trim` differs by U+001C to U+001F, U+0085 and U+FEFF. */
const SPACE = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+';
const LEADING_SPACE = new RegExp(`^${SPACE}`);
const SPACE_AT_END = new RegExp(`${SPACE}$`);
/** `$$`, `$name`, `${name}`; oslo.config allows dots in names. */
const REFERENCE = /\$(?:(\$)|([_a-z][._a-z0-9]*)|\{([_a-z][._a-z0-9]*)\})/gi;

/**
 * Parses a whole file. The first line that oslo.config would refuse is the problem.
 * @param name of the file, for problems
 */
export function parseOsloIni(text: string, name: string): ParsedIni {
  const sections = new Map<string, Map<string, IniValue[]>>();
  let section: Map<string, IniValue[]> | undefined;
  let open: { text: string; where: string } | undefined;
  for (const [index, raw] of text.split(/\r\n|\r|\n/).entries()) {
    const where = `${name}: line ${index + 1}`;
    const wrong = (problem: string): Problem => ({ ok: false, problem: `${where} ${problem}` });
    const content = raw.replace(SPACE_AT_END, '');
    if (/^[ \t]/.test(content)) {
      if (open === undefined)
        return wrong('is indented but continues no assignment: remove the space in front');
      open.text += `\n${content.replace(LEADING_SPACE, '')}`;
      continue;
    }
    open = undefined;
    if (content === '' || /^[#;]/.test(content)) continue;
    if (content.startsWith('[')) {
      if (content.length <= 2 || !content.endsWith(']'))
        return wrong('is no section: expected [name] and nothing after it');
      const key = normalSection(content.slice(1, -1));
      section = sections.get(key) ?? new Map<string, IniValue[]>();
      sections.set(key, section);
      continue;
    }
    const assignment = splitAssignment(content);
    if (assignment === undefined) return wrong('is no assignment: expected name = value');
    if (section === undefined) return wrong('stands before the first section: expected [DEFAULT] above it');
    open = { text: assignment.value, where };
    section.set(assignment.key, [...(section.get(assignment.key) ?? []), open]);
  }
  return { ok: true, sections };
}

/** The sections of several files as one; values of later files come last. */
export function mergeSections(all: readonly IniSections[]): IniSections {
  const merged = new Map<string, Map<string, readonly IniValue[]>>();
  for (const [name, section] of all.flatMap((sections) => [...sections])) {
    const options = merged.get(name) ?? new Map<string, readonly IniValue[]>();
    merged.set(name, options);
    for (const [key, values] of section) options.set(key, [...(options.get(key) ?? []), ...values]);
  }
  return merged;
}

function normalSection(name: string): string {
  return name === 'DEFAULT' ? name : name.toLowerCase();
}

/** Splits at the first `=` or `:`, whichever comes first; one pair of quotes round the whole value is taken off. */
function splitAssignment(content: string): { key: string; value: string } | undefined {
  const at = content.search(/[=:]/);
  const key = strip(content.slice(0, Math.max(at, 0)));
  if (key === '') return undefined;
  const value = strip(content.slice(at + 1));
  const quoted = /^["']/.test(value) && value.endsWith(value.charAt(0));
  return { key, value: quoted ? value.slice(1, -1) : value };
}

function strip(text: string): string {
  return text.replace(LEADING_SPACE, '').replace(SPACE_AT_END, '');
}

/**
 * The value as a service sees it: `$name` and `${name}` stand for an option of the same section or else of
 * `[DEFAULT]`, `${section.name}` for one of that section, `$$` and `\$` for a dollar sign. What a referenced option
 * would be by default, when no file sets it, only the service knows: that is a problem here.
 */
export function expandReferences(
  sections: IniSections,
  section: string,
  value: IniValue,
  within: readonly IniValue[] = [],
): Expanded {
  if (within.includes(value)) return { ok: false, problem: `${value.where} refers with $ to itself` };
  let problem: string | undefined;
  const text = value.text.replaceAll('\\$', '$$$$').replace(REFERENCE, (_whole, dollar, bare, braced) => {
    if (dollar !== undefined) return '$';
    const target = findReferred(sections, section, bare ?? braced);
    if (target === undefined) {
      problem ??= `${value.where} refers with $ to an option that is not set (a dollar sign itself is written $$)`;
      return '';
    }
    const expanded = expandReferences(sections, target.section, target.value, [...within, value]);
    if (expanded.ok) return expanded.value;
    problem ??= expanded.problem;
    return '';
  });
  return problem === undefined ? { ok: true, value: text } : { ok: false, problem };
}

function findReferred(
  sections: IniSections,
  section: string,
  name: string,
): { section: string; value: IniValue } | undefined {
  const dot = name.indexOf('.');
  const places =
    dot === -1
      ? [section, 'DEFAULT']
      : [name.slice(0, dot)].filter((each) => each !== 'DEFAULT').map(normalSection);
  const key = name.slice(dot + 1);
  for (const place of places) {
    const value = sections.get(place)?.get(key)?.at(-1);
    if (value !== undefined) return { section: place, value };
  }
  return undefined;
}
