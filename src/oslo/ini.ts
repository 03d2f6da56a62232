/**
 * Files of oslo.config, parsed by its own rules (openstack/oslo.config `iniparser.py`, and `cfg.py` for sections and
 * `$` references). No INI library does: they take `;` and `#` within a line for comments, and passwords contain both.
 * Problems give the line's number and never its text.
 */

/** One assignment's value: quotes removed, continuation lines joined by line ends, `$` not yet looked at. */
export interface IniValue {
  readonly text: string;
  /** The line of the assignment, from 1. */
  readonly line: number;
}

/** Section → key → values in the file's order. Names of sections are in lower case except `DEFAULT`. */
export type IniSections = ReadonlyMap<string, ReadonlyMap<string, readonly IniValue[]>>;

export type ParsedIni =
  | { readonly ok: true; readonly sections: IniSections }
  | { readonly ok: false; readonly problem: string };

export type Expanded =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly problem: string };

/** What Python's `str.strip` takes off: JavaScript's `trim` differs by U+001C to U+001F, U+0085 and U+FEFF. */
const SPACE = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+';
const LEADING_SPACE = new RegExp(`^${SPACE}`);
const SPACE_AT_END = new RegExp(`${SPACE}$`);
/** `$$`, `$name`, `${name}`; oslo.config allows dots in names. */
const REFERENCE = /\$(?:(\$)|([_a-z][._a-z0-9]*)|\{([_a-z][._a-z0-9]*)\})/gi;

/** Parses a whole file. The first line that oslo.config would refuse is the problem. */
export function parseOsloIni(text: string): ParsedIni {
  const sections = new Map<string, Map<string, IniValue[]>>();
  let section: Map<string, IniValue[]> | undefined;
  let open: { key: string; lines: string[]; line: number } | undefined;

  const closeAssignment = () => {
    if (open !== undefined && section !== undefined) {
      const values = section.get(open.key) ?? [];
      section.set(open.key, [...values, { text: open.lines.join('\n'), line: open.line }]);
    }
    open = undefined;
  };

  for (const [index, raw] of text.split(/\r\n|\r|\n/).entries()) {
    const line = index + 1;
    const content = raw.replace(SPACE_AT_END, '');
    if (content === '') {
      closeAssignment();
    } else if (/^[ \t]/.test(content)) {
      if (open === undefined) {
        return wrong(line, 'is indented but continues no assignment: remove the space in front');
      }
      open.lines.push(content.replace(LEADING_SPACE, ''));
    } else {
      closeAssignment();
      if (content.startsWith('[')) {
        if (content.length <= 2 || !content.endsWith(']')) {
          return wrong(line, 'is no section: expected [name] and nothing after it');
        }
        section = openSection(sections, content.slice(1, -1));
      } else if (!/^[#;]/.test(content)) {
        const assignment = splitAssignment(content);
        if (assignment === undefined) {
          return wrong(line, 'is no assignment: expected name = value');
        }
        if (section === undefined) {
          return wrong(line, 'stands before the first section: expected [DEFAULT] above it');
        }
        open = { key: assignment.key, lines: [assignment.value], line };
      }
    }
  }
  closeAssignment();
  return { ok: true, sections };
}

function wrong(line: number, problem: string): ParsedIni {
  return { ok: false, problem: `line ${line} ${problem}` };
}

function openSection(sections: Map<string, Map<string, IniValue[]>>, name: string): Map<string, IniValue[]> {
  const key = normalSection(name);
  const section = sections.get(key) ?? new Map<string, IniValue[]>();
  sections.set(key, section);
  return section;
}

function normalSection(name: string): string {
  return name === 'DEFAULT' ? name : name.toLowerCase();
}

/** Splits at the first `=` or `:`, whichever comes first; one pair of quotes round the whole value is taken off. */
function splitAssignment(content: string): { key: string; value: string } | undefined {
  const at = content.search(/[=:]/);
  const key = strip(content.slice(0, Math.max(at, 0)));
  if (key === '') {
    return undefined;
  }
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
 * would be by default, when the file does not set it, only the service knows: that is a problem here.
 */
export function expandReferences(sections: IniSections, section: string, value: IniValue): Expanded {
  return expand(sections, section, value, []);
}

function expand(
  sections: IniSections,
  section: string,
  value: IniValue,
  within: readonly IniValue[],
): Expanded {
  if (within.includes(value)) {
    return { ok: false, problem: `line ${value.line} refers with $ to itself` };
  }
  let problem: string | undefined;
  const text = value.text.replaceAll('\\$', '$$$$').replace(REFERENCE, (_whole, dollar, bare, braced) => {
    if (dollar !== undefined) {
      return '$';
    }
    const target = findReferred(sections, section, bare ?? braced);
    if (target === undefined) {
      problem ??= `line ${value.line} refers with $ to an option that this file does not set (a dollar sign itself is written $$)`;
      return '';
    }
    const expanded = expand(sections, target.section, target.value, [...within, value]);
    if (!expanded.ok) {
      problem ??= expanded.problem;
      return '';
    }
    return expanded.value;
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
    if (value !== undefined) {
      return { section: place, value };
    }
  }
  return undefined;
}
