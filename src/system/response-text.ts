// SPDX-License-Identifier: MIT

/**
 * The text of a server's answer, read to at most `mostBytes`: what is longer is cut, or `tooLong` is thrown. Servers
 * may answer without end.
 */
export async function responseText(
  response: Response,
  mostBytes: number,
  tooLong?: () => Error,
): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    pieces.push(piece as Uint8Array);
    bytes += (piece as Uint8Array).length;
    if (bytes <= mostBytes) continue;
    if (tooLong) throw tooLong();
    break;
  }
  return Buffer.concat(pieces).subarray(0, mostBytes).toString('utf8');
}
