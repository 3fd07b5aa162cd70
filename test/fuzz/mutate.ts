// SPDX-License-Identifier: MIT
import fc from 'fast-check';

/** A change of some bytes; what its numbers mean depends on the kind. */
type Edit = readonly [kind: number, at: number, length: number, extra: number];

const far = 2 ** 30;
const edit: fc.Arbitrary<Edit> = fc.tuple(fc.nat(99), fc.nat(far), fc.nat(far), fc.nat(far));

/** How an input is made of others. */
export interface Mutation {
  readonly corpus: readonly Buffer[];
  /** Pieces that mean something to the reader. */
  readonly tokens: readonly string[];
  readonly maxEdits: number;
  /** Bytes of the longest input. */
  readonly maxBytes: number;
  /** Take pieces of other inputs too. */
  readonly splice: boolean;
}

/** A source of inputs: by fast-check, which makes what breaks small, or quickly, for millions. */
export interface Inputs {
  readonly arbitrary: fc.Arbitrary<Buffer>;
  /** @param random a whole number below `below` */
  quickly(random: (below: number) => number): Buffer;
}

/** Inputs near real ones: one of the corpus with a few edits, or pieces put together. */
export function mutated(mutation: Mutation): Inputs {
  const { corpus, tokens, maxEdits, maxBytes, splice } = mutation;
  const near = (index: number, edits: readonly Edit[]): Buffer => {
    const start = corpus[index] ?? Buffer.alloc(0);
    return edits.reduce((bytes, one) => apply(bytes, one, mutation), start).subarray(0, maxBytes);
  };
  const mutations = fc
    .tuple(fc.nat(corpus.length - 1), fc.array(edit, { minLength: 1, maxLength: maxEdits }))
    .map(([index, edits]) => near(index, edits));
  const pieces = fc
    .array(fc.constantFrom(...tokens), { maxLength: 60 })
    .map((all) => Buffer.from(all.join('')));
  return {
    arbitrary: splice ? fc.oneof({ arbitrary: mutations, weight: 4 }, pieces) : mutations,
    quickly(random) {
      if (splice && random(5) === 0) {
        const all = Array.from({ length: random(60) }, () => tokens[random(tokens.length)]);
        return Buffer.from(all.join(''));
      }
      const one = (): Edit => [random(100), random(far), random(far), random(far)];
      return near(random(corpus.length), Array.from({ length: 1 + random(maxEdits) }, one));
    },
  };
}

/** Inputs from one of two sources. */
export function either(a: Inputs, b: Inputs): Inputs {
  return {
    arbitrary: fc.oneof(a.arbitrary, b.arbitrary),
    quickly: (random) => (random(2) === 0 ? a : b).quickly(random),
  };
}

function apply(bytes: Buffer, [kind, at, length, extra]: Edit, mutation: Mutation): Buffer {
  const from = at % (bytes.length + 1);
  const small = from + (length % 9);
  const large = from + (length % (bytes.length + 1));
  const joined = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);
  const [before, after] = [bytes.subarray(0, from), bytes.subarray(from)];
  const token = Buffer.from(mutation.tokens[extra % mutation.tokens.length] ?? '');
  if (kind < 15) return joined(before, Buffer.from([extra % 256]), bytes.subarray(from + 1));
  if (kind < 25) return joined(before, bytes.subarray(small));
  if (kind < 35) return joined(before, bytes.subarray(large));
  if (kind < 55) return joined(before, token, after);
  if (kind < 65) return joined(before, token, bytes.subarray(from + token.length));
  if (kind < 75) return joined(before, bytes.subarray(from, small), after);
  if (kind < 80) return joined(before, bytes.subarray(from, large), after);
  if (kind < 85) return before;
  if (kind < 90) return numberChanged(bytes, from, extra);
  if (!mutation.splice) return joined(before, Buffer.alloc(1 + (length % 64), extra % 256), after);
  const other = mutation.corpus[extra % mutation.corpus.length] ?? token;
  const start = length % (other.length + 1);
  return joined(before, other.subarray(start, start + (extra % 4096)), after);
}

/** The next number behind a place becomes another one: sizes, counts and ids are where readers err. */
function numberChanged(bytes: Buffer, from: number, extra: number): Buffer {
  const match = /\d+/.exec(bytes.toString('latin1', from, from + 400));
  if (!match) return bytes;
  const values = ['0', '1', '-1', '2147483648', '9007199254740993', '1e999', `${extra}`];
  const value = values[extra % values.length] ?? '0';
  const at = from + match.index;
  return Buffer.concat([
    bytes.subarray(0, at),
    Buffer.from(value),
    bytes.subarray(at + match[0].length),
  ]);
}

const kernelMessages = [
  '[    1.234567] usb 1-1: new device\r\n',
  '[   12.345678][   T77] ok then\n',
  '<6>[    0.500000] not ready\r\n',
  '[    3.000001] a\n[    3.000002] b\n',
  '\r\n[    9.999999] after a newline\r\n',
] as const;

type Disturbance = readonly [kind: number, at: number, more: number];

/** What happens to a console on its way: lines lost, doubled or moved, kernel messages within lines, an early end. */
export function disturbed(corpus: readonly Buffer[], maxEdits: number): Inputs {
  const made = (index: number, all: readonly Disturbance[]): Buffer => {
    const text = all.reduce(disturb, (corpus[index] ?? Buffer.alloc(0)).toString('latin1'));
    return Buffer.from(text, 'latin1');
  };
  const disturbance = fc.tuple(fc.nat(5), fc.nat(far), fc.nat(far));
  return {
    arbitrary: fc
      .tuple(fc.nat(corpus.length - 1), fc.array(disturbance, { maxLength: maxEdits }))
      .map(([index, all]) => made(index, all)),
    quickly(random) {
      const one = (): Disturbance => [random(6), random(far), random(far)];
      return made(random(corpus.length), Array.from({ length: random(maxEdits + 1) }, one));
    },
  };
}

function disturb(text: string, [kind, a, b]: Disturbance): string {
  if (kind <= 2) {
    // A "not" that is cut off from its "ok" is what matters most.
    const near = kind === 0 ? text.indexOf('not ok') + (a % 8) : a;
    const at = near % (text.length + 1);
    const message = kernelMessages[b % kernelMessages.length] ?? '';
    return text.slice(0, at) + message + text.slice(at);
  }
  if (kind === 3) return b % 50 === 0 ? text.slice(0, a % (text.length + 1)) : text;
  const lines = text.split('\n');
  const from = a % lines.length;
  const some = lines.splice(from, 1 + (b % 5));
  if (kind === 4) return lines.join('\n');
  const to = b % (lines.length + 1);
  lines.splice(to, 0, ...some, ...(a % 2 === 0 ? some : []));
  return lines.join('\n');
}
