// SPDX-License-Identifier: MIT

/** The input without the parts that its fault does not need: halves first, then ever shorter pieces. */
export async function smaller(
  input: Buffer,
  fault: (input: Buffer) => Promise<string | undefined>,
): Promise<Buffer> {
  let best = input;
  for (let size = Math.ceil(best.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < best.length;) {
      const without = Buffer.concat([best.subarray(0, at), best.subarray(at + size)]);
      if ((await fault(without)) === undefined) at += size;
      else best = without;
    }
  }
  return best;
}
