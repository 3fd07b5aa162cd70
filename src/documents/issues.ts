// SPDX-License-Identifier: MIT
import type { z } from 'zod';
import { hintFor, nearest } from './nearest.js';
import { pathText } from './positions.js';
import type { Finding, Path } from './positions.js';

type Issue = z.core.$ZodIssue;

/** The part of JSON Schema that says which keys a place in the file may have. */
export interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
}

/** The data that was checked, and the schema as JSON Schema. */
interface Checked {
  readonly data: unknown;
  readonly published: SchemaNode;
}

/** Tells a key that is missing from the same key misspelt. */
interface SchemaFinding extends Finding {
  readonly missing?: Path;
  readonly meant?: Path;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a string',
  // Every number of the schema is whole; zod says `number` to a word.
  number: 'a whole number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

/** What the schema has against the data, in the user's words, with a hint where one is near. */
export function findingsOf(
  issues: readonly Issue[],
  data: unknown,
  published: SchemaNode,
): Finding[] {
  const findings = issues.flatMap((issue) => findingsOfIssue(issue, [], { data, published }));
  const meant = new Set(findings.map((finding) => finding.meant && pathText(finding.meant)));
  // A misspelt key is one mistake, not an unknown key and a missing one.
  return findings.filter(({ missing }) => missing === undefined || !meant.has(pathText(missing)));
}

function findingsOfIssue(issue: Issue, prefix: Path, checked: Checked): SchemaFinding[] {
  const path = [
    ...prefix,
    ...issue.path.map((step) => (typeof step === 'number' ? step : String(step))),
  ];
  const value = valueAt(checked.data, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(path, key, checked.published));
    case 'invalid_union':
      return unionFindings(issue, path, checked);
    case 'invalid_type':
      return [wrongType(path, [issue.expected], value)];
    case 'invalid_value':
      return [wrongValue(path, issue.values.map(String), value)];
    case 'too_small':
      return [{ path, message: tooSmall(issue, value) }];
    case 'too_big':
      return [{ path, message: tooBig(issue, value) }];
    default:
      return [{ path, message: issue.message }];
  }
}

/** Of a union only the branch that the user meant speaks: the one of the value's own type. */
function unionFindings(
  issue: z.core.$ZodIssueInvalidUnion,
  path: Path,
  checked: Checked,
): SchemaFinding[] {
  const value = valueAt(checked.data, path);
  const meant = issue.errors.find((branch) => !branch.some((inner) => isOtherType(inner, value)));
  if (meant !== undefined) return meant.flatMap((inner) => findingsOfIssue(inner, path, checked));
  const expected = issue.errors
    .flat()
    .flatMap((inner) => (inner.code === 'invalid_type' ? inner.expected : []));
  return [wrongType(path, expected, value)];
}

function isOtherType(issue: Issue, value: unknown): boolean {
  if (issue.code !== 'invalid_type' || issue.path.length > 0) return false;
  return !(typeof value === 'number' && ['int', 'number'].includes(issue.expected));
}

function unknownKey(path: Path, key: string, published: SchemaNode): SchemaFinding {
  const valid = keysAt(path, published);
  const meant = nearest(key, valid);
  return {
    ...(meant === undefined ? {} : { meant: [...path, meant] }),
    path: [...path, key],
    target: 'key',
    message: `unknown key ${shown(key)}`,
    hint: hintFor(key, valid),
  };
}

function wrongType(path: Path, expected: readonly string[], value: unknown): SchemaFinding {
  const names = expected.map((type) => typeNames[type] ?? type).join(' or ');
  const last = path.at(-1);
  if (value === undefined && typeof last === 'string') {
    return { path: path.slice(0, -1), missing: path, message: `missing key "${last}"` };
  }
  const quotable = expected.includes('string') && ['number', 'boolean'].includes(typeof value);
  return {
    path,
    message:
      value === null
        ? `expected ${names}, but nothing is there`
        : `expected ${names}, not ${shown(value)}`,
    ...(quotable ? { hint: 'put it in quotes' } : {}),
  };
}

function wrongValue(path: Path, values: readonly string[], value: unknown): SchemaFinding {
  if (value === undefined || typeof value !== 'string')
    return wrongType(path, [values.join(', ')], value);
  const what = values.includes('PASS') ? 'status' : 'value';
  return { path, message: `unknown ${what} ${shown(value)}`, hint: hintFor(value, values) };
}

function tooSmall(issue: z.core.$ZodIssueTooSmall, value: unknown): string {
  if (issue.origin === 'string') return 'must not be empty';
  if (issue.origin === 'array') return `needs at least ${issue.minimum} entry`;
  return `must be at least ${issue.minimum}, not ${shown(value)}`;
}

function tooBig(issue: z.core.$ZodIssueTooBig, value: unknown): string {
  if (issue.origin === 'string') return `must have at most ${issue.maximum} characters`;
  if (issue.origin === 'array') return `has more than ${issue.maximum} entries`;
  return `must be at most ${issue.maximum}, not ${shown(value)}`;
}

/** The valid keys of the map at a path; empty where the schema has no map. */
function keysAt(path: Path, published: SchemaNode): readonly string[] {
  let nodes: readonly SchemaNode[] = [published];
  for (const step of path) {
    nodes = nodes.flatMap(branches).flatMap((node) => {
      const next = typeof step === 'number' ? node.items : node.properties?.[step];
      return next === undefined ? [] : [next];
    });
  }
  return nodes.flatMap(branches).flatMap((node) => Object.keys(node.properties ?? {}));
}

function branches(node: SchemaNode): readonly SchemaNode[] {
  return node.anyOf ?? [node];
}

function valueAt(data: unknown, path: Path): unknown {
  let value = data;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step))
      return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a map';
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value);
}
