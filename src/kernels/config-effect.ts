// SPDX-License-Identifier: MIT

/** Symbols of a kernel config: name with CONFIG_, value as auto.conf writes it (y, m, 1, "text"); what is off is absent. */
export type Symbols = ReadonlyMap<string, string>;

/** The symbols of include/config/auto.conf. */
export function readSymbols(text: string): Map<string, string> {
  const lines = [...text.matchAll(/^(CONFIG_\w+)=(.*)$/gm)];
  return new Map(lines.map(([, name = '', value = '']) => [name, value]));
}

/** Symbols that differ between two configs. */
export function changedSymbols(before: Symbols, after: Symbols): string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name)).sort();
}

const mentions = /\bCONFIG_\w+/g;
const baseOf = (name: string): string => name.replace(/_MODULE$/, '');

/** Symbols that a text speaks of, CONFIG_X_MODULE as CONFIG_X too. */
export function mentioned(text: string): Set<string> {
  const names = text.match(mentions) ?? [];
  return new Set(names.flatMap((name) => [name, baseOf(name)]));
}

/** Symbols that a text itself defines or undefines, so that a config does not say what they are. */
export function redefined(text: string): string[] {
  return [...text.matchAll(/^[ \t]*#[ \t]*(?:define|undef)[ \t]+(CONFIG_\w+)/gm)].map(
    ([, name = '']) => baseOf(name),
  );
}

/** No compiler need know more conditions within conditions; C asks for 63. */
const mostGroups = 200;

/** What a condition is under a config, as far as the config says it. */
type Truth = boolean | undefined;
type Value = number | undefined;

/**
 * Whether a C text can mean something else under one config than under another: false only where all that it says of
 * the symbols that differ is in conditions that are the same under both, or is left out under both. What is not known
 * from the configs, or to be `unknown`, is taken for either.
 */
export function hasEffect(
  text: string,
  before: Symbols,
  after: Symbols,
  unknown: ReadonlySet<string>,
): boolean {
  const changed = new Set(changedSymbols(before, after));
  const speaks = (line: string): boolean => [...mentioned(line)].some((name) => changed.has(name));
  const groups: Group[] = [];
  for (const line of logicalLines(text)) {
    const directive = /^\s*#\s*(if|ifdef|ifndef|elif|elifdef|elifndef|else|endif)\b(.*)$/s.exec(
      line,
    );
    const isDead = groups.some(({ dead }) => dead);
    if (!directive) {
      if (!isDead && speaks(line)) return true;
      continue;
    }
    const [, kind = '', rest = ''] = directive;
    if (kind === 'endif') {
      if (groups.pop() === undefined) return true;
    } else if (kind.startsWith('if')) {
      groups.push({ dead: false, taken: [false, false] });
    }
    const group = groups.at(-1);
    if (kind === 'endif') continue;
    if (group === undefined || groups.length > mostGroups) return true;
    const outer = groups.slice(0, -1).some(({ dead }) => dead);
    const condition = conditionOf(kind, rest);
    const truths = [before, after].map((symbols) => evaluate(condition, symbols, unknown));
    // An #elif behind one that is true is not looked at.
    const known = group.taken.every((taken) => taken === true);
    const same = truths[0] === truths[1] && truths[0] !== undefined;
    if (!outer && !known && speaks(rest) && !same) return true;
    enter(group, truths);
  }
  return groups.length > 0;
}

/** Conditions from #if to #endif: of the two configs, whether a branch was taken, and whether this one is left out by both. */
interface Group {
  dead: boolean;
  taken: Truth[];
}

function enter(group: Group, truths: readonly Truth[]): void {
  group.dead = group.taken.every((taken, side) => taken === true || truths[side] === false);
  group.taken = group.taken.map((taken, side) => {
    if (taken === true || truths[side] === true) return true;
    return taken === undefined || truths[side] === undefined ? undefined : false;
  });
}

function conditionOf(kind: string, rest: string): string {
  if (kind === 'else') return '1';
  if (/n?def$/.test(kind)) return `${kind.endsWith('ndef') ? '!' : ''}defined(${rest.trim()})`;
  return rest;
}

/** Lines with comments taken out and continued ones joined. */
function logicalLines(text: string): string[] {
  const joined = text.replaceAll(/\\\r?\n/g, ' ');
  const token = /\/\*[^]*?(?:\*\/|$)|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?/g;
  return joined.replaceAll(token, (found) => (found.startsWith('/') ? ' ' : found)).split('\n');
}

const tokens =
  /\s+|defined\s*\(\s*(\w+)\s*\)|defined\s+(\w+)|(IS_ENABLED|IS_BUILTIN|IS_MODULE|IS_REACHABLE)\s*\(\s*(\w+)\s*\)|(0x[\da-fA-F]+|0|[1-9]\d*)[uUlL]*|(&&|\|\||[!<>=]=|[!()<>])|(\w+)|[^]/gy;

/** What an #if's condition is under a config; undefined where that does not say it. */
export function evaluate(condition: string, symbols: Symbols, unknown: ReadonlySet<string>): Truth {
  const parser = new Condition(condition, symbols, unknown);
  const value = parser.read();
  return value === undefined ? undefined : value !== 0;
}

/** Reads a condition by recursive descent; operators that it does not know make all of it unknown. */
class Condition {
  private readonly words: (string | { value: Value })[] = [];
  private at = 0;
  private odd = false;

  constructor(text: string, symbols: Symbols, unknown: ReadonlySet<string>) {
    const isOn = (name: string): Value => isDefined(name, symbols, unknown);
    for (const match of text.matchAll(tokens)) {
      const [all, inParens, bare, macro, symbol, number, operator, word] = match;
      const tested = inParens ?? bare;
      if (/^\s+$/.test(all)) continue;
      if (tested !== undefined) this.words.push({ value: isOn(tested) });
      else if (macro !== undefined) this.words.push({ value: isMacro(macro, symbol ?? '', isOn) });
      else if (number !== undefined) this.words.push({ value: Number(number) });
      else if (operator !== undefined) this.words.push(operator);
      else if (word !== undefined) this.words.push({ value: valueOf(word, symbols, unknown) });
      else this.odd = true;
    }
  }

  read(): Value {
    const value = this.or();
    return this.odd || this.at < this.words.length ? undefined : value;
  }

  private takes(word: string): boolean {
    if (this.words[this.at] !== word) return false;
    this.at++;
    return true;
  }

  private or(): Value {
    let left = this.and();
    while (this.takes('||')) left = either(left, this.and());
    return left;
  }

  private and(): Value {
    let left = this.comparison();
    while (this.takes('&&')) left = negated(either(negated(left), negated(this.comparison())));
    return left;
  }

  private comparison(): Value {
    let left = this.unary();
    for (;;) {
      const operator = this.words[this.at];
      const compare = typeof operator === 'string' ? comparisons[operator] : undefined;
      if (compare === undefined) return left;
      this.at++;
      const right = this.unary();
      left = left === undefined || right === undefined ? undefined : Number(compare(left, right));
    }
  }

  private unary(): Value {
    if (this.takes('!')) return negated(this.unary());
    if (this.takes('(')) {
      const value = this.or();
      if (!this.takes(')')) this.odd = true;
      return value;
    }
    const word = this.words[this.at++];
    if (typeof word === 'object') return word.value;
    this.odd = true;
    return undefined;
  }
}

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
  '<=': (a, b) => a <= b,
  '>=': (a, b) => a >= b,
};

const negated = (value: Value): Value => (value === undefined ? undefined : Number(value === 0));

function either(left: Value, right: Value): Value {
  if ((left !== undefined && left !== 0) || (right !== undefined && right !== 0)) return 1;
  return left === undefined || right === undefined ? undefined : 0;
}

function isDefined(name: string, symbols: Symbols, unknown: ReadonlySet<string>): Value {
  if (!name.startsWith('CONFIG_') || unknown.has(baseOf(name))) return undefined;
  // autoconf.h says CONFIG_X_MODULE where auto.conf says CONFIG_X=m.
  const base = baseOf(name);
  if (base !== name && symbols.get(base) === 'm') return 1;
  const value = symbols.get(name);
  return Number(value !== undefined && value !== 'm');
}

function isMacro(macro: string, symbol: string, isOn: (name: string) => Value): Value {
  const builtin = isOn(symbol);
  const module = isOn(`${symbol}_MODULE`);
  if (macro === 'IS_BUILTIN') return builtin;
  if (macro === 'IS_MODULE') return module;
  // What can be reached depends on whether the asking file is of a module.
  if (macro === 'IS_REACHABLE')
    return builtin === 1 ? 1 : either(builtin, module) === 0 ? 0 : undefined;
  return either(builtin, module);
}

function valueOf(word: string, symbols: Symbols, unknown: ReadonlySet<string>): Value {
  if (isDefined(word, symbols, unknown) === undefined) return undefined;
  const value = symbols.get(word);
  if (value === undefined || value === 'm') return 0;
  if (value === 'y') return 1;
  return /^(?:0|[1-9]\d*|0x[\da-f]+)$/i.test(value) ? Number(value) : undefined;
}
