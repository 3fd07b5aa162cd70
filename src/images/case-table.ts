// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectDir } from '../system/files.js';

/** A row of the payload's table of cases. */
export interface CaseRow {
  readonly name: string;
  readonly tags: readonly string[];
  /** Why the case is there, a sentence. */
  readonly why: string;
  /** The C function that reports it. */
  readonly run: string;
  /** The file under cases/ without its suffix. */
  readonly group: string;
}

const program = join(projectDir, 'guest-images', 'busy-guest');

/** Reads the rows out of the C sources, in the order in which the payload runs them. */
export async function readCaseTable(): Promise<CaseRow[]> {
  const main = await readFile(join(program, 'cases.c'), 'utf8');
  const groups = [...main.matchAll(/^\t&(\w+)_cases,/gm)].map(([, group = '']) => group);
  return (await Promise.all(groups.map(readGroup))).flat();
}

async function readGroup(group: string): Promise<CaseRow[]> {
  const text = await readFile(join(program, 'cases', `${group}.c`), 'utf8');
  const rows = text.matchAll(/\{ "(\w+)", "([\w ]+)",\s+"([^"]*)",\s+(\w+) \}/g);
  return [...rows].map(([, name = '', tags = '', why = '', run = '']) => ({
    name,
    tags: tags.split(' '),
    why,
    run,
    group,
  }));
}
