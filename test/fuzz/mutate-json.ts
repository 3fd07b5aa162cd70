// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import type { Inputs } from './mutate.js';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
/** A change of one node: which one, what becomes of it, and a number for that. */
type Edit = readonly [at: number, kind: number, extra: number];

const far = 2 ** 30;
const mostPlaces = 3000;

const texts = [
  ...[
    '',
    ' ',
    'x'.repeat(5000),
    'a\nb',
    'a\r\n::error::x',
    '\u0000',
    '\u001b[2J',
    '\u001b]52;c;eA==\u0007',
  ],
  ...[
    '\u009b2J',
    '\u202e',
    '\ud800',
    '\u2028',
    '<script>x</script>',
    ']]>',
    '"\'`$(id)',
    '../../x',
    '/etc/passwd',
  ],
  ...[
    '-incoming',
    'exec:id',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '(a+)+z$',
    '(?=x)',
    '[',
    '\\',
  ],
  ...[
    'PASS',
    'FAIL',
    'kvm',
    'yes',
    'BUSYGUEST-START v1',
    'NaN',
    '1e999',
    '%s',
    '| a | b |',
    '{',
    ': ',
    '- ',
  ],
];
const numbers = [
  0,
  -0,
  -1,
  0.5,
  1e-300,
  1e21,
  1e308,
  -1e308,
  2 ** 31,
  2 ** 53 + 2,
  1024,
  1025,
  3_600_001,
];
const others: readonly Json[] = [null, true, false, [], {}, [[]], [null], { a: null }, ''];

/** Values near those of a corpus, as JSON: each place may get another value, go away, come twice or lie deep. */
export function mutatedJson(corpus: readonly unknown[], maxEdits = 4): Inputs {
  const start = corpus.map((one) => JSON.stringify(one));
  const made = (index: number, edits: readonly Edit[]): Buffer => {
    const root = { root: JSON.parse(start[index] ?? 'null') as Json };
    for (const edit of edits) change(root, edit);
    return Buffer.from(JSON.stringify(root.root) ?? 'null');
  };
  const edit: fc.Arbitrary<Edit> = fc.tuple(fc.nat(far), fc.nat(99), fc.nat(far));
  return {
    arbitrary: fc
      .tuple(fc.nat(corpus.length - 1), fc.array(edit, { minLength: 1, maxLength: maxEdits }))
      .map(([index, edits]) => made(index, edits)),
    quickly(random) {
      const one = (): Edit => [random(far), random(100), random(far)];
      return made(random(corpus.length), Array.from({ length: 1 + random(maxEdits) }, one));
    },
  };
}

interface Place {
  readonly holder: Json[] | { [name: string]: Json };
  readonly key: string;
}

function placesOf(value: Json | { root: Json }, places: Place[] = []): Place[] {
  if (typeof value !== 'object' || value === null) return places;
  const holder = value as Place['holder'];
  for (const key of Object.keys(holder)) {
    places.push({ holder, key });
    placesOf((holder as { [name: string]: Json })[key] ?? null, places);
  }
  return places;
}

function change(root: { root: Json }, [at, kind, extra]: Edit): void {
  const places = placesOf(root);
  // Copies of copies would become as large as memory.
  if (places.length > mostPlaces) return;
  const { holder, key } = places[at % places.length] ?? { holder: root, key: 'root' };
  const object = holder as { [name: string]: Json };
  const pick = <T>(all: readonly T[]): T => structuredClone(all[extra % all.length] as T);
  const old = object[key] ?? null;
  if (kind < 40) object[key] = valueLike(old, extra);
  else if (kind < 55) object[key] = pick<Json>([...others, ...texts, ...numbers]);
  else if (kind < 65 && !Array.isArray(holder)) Reflect.deleteProperty(holder, key);
  else if (kind < 72 && Array.isArray(holder)) holder.push(structuredClone(old));
  else if (kind < 82) named(holder, pick(texts), structuredClone(old));
  else if (kind < 90) object[key] = structuredClone(root.root);
  else if (kind < 95) object[key] = nested(old, extra % 80);
  else object[key] = Array.from({ length: extra % 40 }, () => old);
}

/** Of the same type, so that a schema takes it. */
function valueLike(old: Json, extra: number): Json {
  if (typeof old === 'string') return texts[extra % texts.length] ?? '';
  if (typeof old === 'number') return numbers[extra % numbers.length] ?? 0;
  if (typeof old === 'boolean') return !old;
  if (Array.isArray(old)) return old.slice(extra % (old.length + 1));
  return structuredClone(others[extra % others.length] ?? null);
}

/** Another key; __proto__ is one of its own, as JSON.parse makes it. */
function named(holder: Place['holder'], name: string, value: Json): void {
  if (Array.isArray(holder)) return;
  Object.defineProperty(holder, name, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}

const nested = (value: Json, depth: number): Json =>
  depth === 0 ? value : [nested(value, depth - 1)];
