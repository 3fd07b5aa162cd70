// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { quoteWord } from '../../src/system/shell-words.js';

/** What a Containerfile does, for a clean system of the suite that it begins with. */
interface ContainerSteps {
  readonly suite: string;
  /**
   * A shell script. It takes the files of the build's folder from /shared, and sets `user`, `folder` and `settings` (the
   * environment) to those of the image.
   */
  readonly script: string;
}

/** Reads the few instructions that ours has; throws for any other. */
export async function containerSteps(file: string): Promise<ContainerSteps> {
  const text = (await readFile(file, 'utf8')).replace(/^#.*\n/gm, '').replaceAll('\\\n', '');
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  let suite = '';
  const script = ['user=root folder=/ settings=()'];
  for (const line of lines) {
    const [, word = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    const [first = '', second = ''] = rest.split(/\s+/);
    if (word === 'FROM') suite = /^debian:(\w+)-slim$/.exec(rest)?.[1] ?? '';
    else if (word === 'COPY') script.push(`cp /shared/${first} ${second}`);
    else if (word === 'RUN') script.push(`step sh -c ${quoteWord(rest)}`);
    else if (word === 'ENV') script.push(`settings+=(${rest})`);
    else if (word === 'USER') script.push(`user=${first}`);
    else if (word === 'WORKDIR') script.push(`folder=${first}; mkdir -p "$folder"`);
    else if (word === 'VOLUME') script.push(`test -d ${first}`);
    else if (!/^(?:ENTRYPOINT|CMD)$/.test(word)) throw new Error(`${file}: ${line}`);
  }
  if (suite === '') throw new Error(`${file}: FROM names no debian:SUITE-slim`);
  return { suite, script: `${script.join('\n')}\n` };
}
