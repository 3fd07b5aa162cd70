// SPDX-License-Identifier: MIT
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  parseDocument,
  Parser,
} from 'yaml';
import type { Alias, Node, YAMLMap } from 'yaml';
import { JobError } from '../model/errors.js';
import type { Problem } from '../model/errors.js';
import { problemAt } from './positions.js';
import type { Source } from './positions.js';

const largestBytes = 1_000_000;
/** Open collections at once, in the parser's count; files in use need about 8. */
const deepest = 40;
const mostEntries = 1_000;
const mostAliases = 20;

/** What kind of file is expected, for messages. */
export interface DocumentKind {
  /** "job matrix". */
  readonly noun: string;
  /** What belongs at its root. */
  readonly keys: string;
}

/** A YAML file as a document and as plain data, with the mistakes that do not keep it from being read. */
export interface ReadDocument {
  readonly source: Source;
  readonly data: unknown;
  readonly problems: readonly Problem[];
}

/** Reads YAML 1.2 and throws JobError for what is no YAML, or is YAML made to exhaust the reader. */
export function readDocument(file: string, text: string, kind: DocumentKind): ReadDocument {
  const bytes = Buffer.byteLength(text);
  if (bytes > largestBytes) {
    const message = `the file has ${bytes} bytes; a ${kind.noun} has at most ${largestBytes}`;
    throw new JobError([{ message, at: { file, line: 1, column: 1 } }]);
  }
  const source = parse(file, text.replace(/^\uFEFF/, ''));
  const { document } = source;
  const syntax = [...document.errors, ...document.warnings].map((error) =>
    error.code === 'MULTIPLE_DOCS'
      ? problemAt(
          source,
          error.pos[0],
          'a second YAML document begins here',
          `one file, one ${kind.noun}`,
        )
      : problemAt(source, error.pos[0], error.message),
  );
  const walk = new Walk(source);
  if (isNode(document.contents)) walk.visit(document.contents, []);
  if (syntax.length > 0 || walk.fatal) throw new JobError([...syntax, ...walk.problems]);
  if (!isMap(document.contents)) throw new JobError([rootProblem(source, kind)]);
  return { source, data: plainData(source), problems: walk.problems };
}

function parse(file: string, text: string): Source {
  refuseDepth(file, text);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    // The walk below reports duplicates, with the place of the first, in linear time.
    uniqueKeys: false,
    // Also where a %YAML 1.1 directive asks for the rules in which `no` is a boolean.
    schema: 'core',
    merge: false,
    resolveKnownTags: false,
  });
  return { file, text, lines, document };
}

/** The composer recurses and can take the whole process down; the parser before it keeps a stack to look at. */
function refuseDepth(file: string, text: string): void {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    // Asking for tokens drives the parser.
    Array.from(parser.next(lexeme));
    if (parser.stack.length <= deepest) continue;
    const lines = linesOf(text.slice(0, parser.offset));
    throw new JobError([
      problemAt({ file, text, lines }, parser.offset - 1, 'the nesting is too deep'),
    ]);
  }
}

function linesOf(text: string): LineCounter {
  const lines = new LineCounter();
  for (let start = 0; start >= 0; start = text.indexOf('\n', start) + 1 || -1)
    lines.addNewLine(start);
  return lines;
}

function rootProblem(source: Source, { noun, keys }: DocumentKind): Problem {
  const { contents } = source.document;
  const offset = contents?.range[0] ?? 0;
  const empty = contents === null || (isScalar(contents) && contents.value === null);
  const message = empty ? 'the file is empty' : 'the file holds no map';
  return problemAt(source, offset, message, `a ${noun} has the keys ${keys}`);
}

function plainData(source: Source): unknown {
  try {
    return source.document.toJS({ maxAliasCount: 10 * mostAliases });
  } catch (error) {
    // yaml throws a ReferenceError when aliases multiply.
    const message = error instanceof Error ? error.message : String(error);
    throw new JobError([problemAt(source, 0, message)]);
  }
}

/** Finds what YAML allows and such a file must not contain. */
class Walk {
  readonly problems: Problem[] = [];
  /** The data cannot be looked at any further. */
  fatal = false;
  private aliases = 0;

  constructor(private readonly source: Source) {}

  visit(node: Node, inside: readonly Node[]): void {
    if (isAlias(node)) this.visitAlias(node, inside);
    if (!isMap(node) && !isSeq(node)) return;
    if (node.items.length > mostEntries) {
      this.refuse(node, `${node.items.length} entries; a list or map has at most ${mostEntries}`);
      return;
    }
    const around = [...inside, node];
    if (isMap(node)) this.visitKeys(node);
    for (const item of node.items) {
      const child: unknown = isNode(item) ? item : (item as { value: unknown }).value;
      if (isNode(child)) this.visit(child, around);
    }
  }

  private visitAlias(alias: Alias, inside: readonly Node[]): void {
    const target = alias.resolve(this.source.document);
    this.aliases += 1;
    if (target === undefined) this.refuse(alias, `no anchor "&${alias.source}" before this alias`);
    else if (inside.includes(target))
      this.refuse(alias, `the alias "*${alias.source}" contains itself`);
    else if (this.aliases === mostAliases + 1)
      this.refuse(alias, `more than ${mostAliases} aliases`);
  }

  private visitKeys(map: YAMLMap): void {
    const firstLines = new Map<string, number>();
    for (const { key } of map.items) {
      const node = isNode(key) ? key : map;
      if (!isScalar(key) || typeof key.value !== 'string') {
        this.add(node, 'a key must be a plain word', 'put it in quotes if it is meant as a word');
        this.fatal = true;
        continue;
      }
      const first = firstLines.get(key.value);
      const shown = JSON.stringify(key.value);
      if (key.value === '__proto__') this.refuse(key, `the key ${shown} is not allowed`);
      else if (first !== undefined)
        this.add(key, `duplicate key ${shown}`, `the first is in line ${first}`);
      else firstLines.set(key.value, this.source.lines.linePos(offsetOf(key)).line);
    }
  }

  private refuse(node: Node, message: string): void {
    this.add(node, message);
    this.fatal = true;
  }

  private add(node: Node, message: string, hint?: string): void {
    this.problems.push(problemAt(this.source, offsetOf(node), message, hint));
  }
}

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0;
}
