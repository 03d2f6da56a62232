// @ts-check
/**
 * Writes docs/api.md from the docstrings of what src/index.ts exports, as they stand in the built types. Usage, after
 * `npm run build`:
 *   node scripts/api-doc.mjs            writes the page
 *   node scripts/api-doc.mjs --check    ends with status 1 when the page is not up to date, or something has no docstring
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { fail, ROOT } from './install.mjs';

const PAGE = join(ROOT, 'docs', 'api.md');
const TYPES = join(ROOT, 'dist', 'index.d.ts');
const HEAD = `# API reference

Made from the docstrings by \`node scripts/api-doc.mjs\`; a test holds it true. How the parts are used, and what counts as
API, is in [library.md](library.md).
`;

/**
 * @typedef {object} Entry
 * @property {string} name
 * @property {string} text what the docstring says
 * @property {string} code the declaration
 * @property {boolean} isValue
 */

/** @returns {Entry[]} in the order of their names, values first */
function readEntries() {
  const options = { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext };
  const program = ts.createProgram([TYPES], { ...options, types: ['node'], noEmit: true });
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(TYPES) ?? fail(`${TYPES} is not there: npm run build`);
  const module = checker.getSymbolAtLocation(file) ?? fail(`${TYPES} exports nothing`);
  const entries = checker.getExportsOfModule(module).map((exported) => {
    const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
    return toEntry(exported.name, isAlias ? checker.getAliasedSymbol(exported) : exported, checker);
  });
  return entries.sort((a, b) => Number(b.isValue) - Number(a.isValue) || (a.name < b.name ? -1 : 1));
}

/**
 * @param {string} name
 * @param {ts.Symbol} symbol
 * @param {ts.TypeChecker} checker
 * @returns {Entry}
 */
function toEntry(name, symbol, checker) {
  const [declaration] = symbol.declarations ?? [];
  if (declaration === undefined) return fail(`${name} is declared nowhere`);
  const text = ts.displayPartsToString(symbol.getDocumentationComment(checker));
  const tags = symbol.getJsDocTags(checker).map(toMarkdown);
  return {
    name,
    text: [text, ...tags].filter((part) => part !== '').join('\n\n'),
    code: codeOf(declaration),
    isValue: (symbol.flags & ts.SymbolFlags.Value) !== 0,
  };
}

/** @param {ts.JSDocTagInfo} tag */
function toMarkdown({ name, text }) {
  const words = ts.displayPartsToString(text).trim();
  return name === 'example' ? words : `*${name}* ${words}`;
}

/**
 * Without what is private, of which a declaration keeps the names.
 * @param {ts.Declaration} declaration
 */
function codeOf(declaration) {
  const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  const lines = statement.getText().split('\n');
  const code = lines.filter((line) => !/^\s*(?:#private;|private .*;)$/.test(line)).join('\n');
  // A docstring in a single line, or over several, that was one of something private.
  return code
    .replace(/\n\s*\/\*\*(?:(?!\*\/)[\s\S])*\*\/(?=\n\s*(?:\}|\/\*\*))/g, '')
    .replace(/^export |declare /gm, '');
}

/** @param {string} text */
function withoutLinks(text) {
  return text.replace(/\{@link (\w+)\s*\}/g, '`$1`');
}

const entries = readEntries();
const bare = entries.filter(({ text }) => text === '').map(({ name }) => name);
const sections = entries.map(({ name, text, code }) => {
  return `## ${name}\n\n${withoutLinks(text)}\n\n\`\`\`text\n${withoutLinks(code)}\n\`\`\`\n`;
});
const page = `${HEAD}\n${sections.join('\n')}`;
if (process.argv[2] !== '--check') writeFileSync(PAGE, page);
if (bare.length > 0) fail(`no docstring: ${bare.join(', ')}`);
if (readFileSync(PAGE, 'utf8') !== page)
  fail('docs/api.md is not up to date: npm run build && node scripts/api-doc.mjs');
