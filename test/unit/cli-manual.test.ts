// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { commands } from '../../src/cli/commands.js';
import { manualPages } from '../../src/cli/manual/page.js';
import { escape } from '../../src/cli/manual/roff.js';
import { environment } from '../../src/cli/manual/tables.js';
import { program } from '../../src/cli/program.js';
import { exitCode } from '../../src/model/errors.js';

const root = await program();
const pages = new Map(manualPages(root, '2026-11-28').map(({ file, text }) => [file, text]));
const source = fileURLToPath(new URL('../../../src', import.meta.url));

const textOf = (file: string): string => pages.get(file) ?? assert.fail(`no page ${file}`);

/** Every command below one, with the page that it is described in. */
function described(command: Command, page: string): readonly (readonly [Command, string])[] {
  return [
    [command, page],
    ...command.commands
      .filter((one) => one.name() !== 'complete')
      .flatMap((one) => described(one, command.parent ? page : `busyguest-${one.name()}`)),
  ];
}

test('manual: every command has a page with every section', () => {
  const visible = commands.filter(({ hidden }) => hidden !== true);
  assert.equal(pages.size, visible.length + 1);
  const sections = [
    ...['NAME', 'SYNOPSIS', 'DESCRIPTION', 'OPTIONS', 'EXIT STATUS', 'EXAMPLES'],
    ...['FILES', 'ENVIRONMENT', 'SEE ALSO'],
  ];
  for (const [file, text] of pages) {
    const found = [...text.matchAll(/^\.SH (.*)$/gm)].map(([, title]) => title);
    const missing = sections.filter((title) => !found.includes(title));
    const without = /^Examples?:/m.test(helpOf(file)) ? [] : ['EXAMPLES'];
    assert.deepEqual(missing, without, file);
  }
});

function helpOf(file: string): string {
  const name = file.replace(/^busyguest-?|\.1$/g, '');
  const command = name === '' ? root : root.commands.find((one) => one.name() === name);
  let text = '';
  command?.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

test('manual: every option and argument, and what it is, is there', () => {
  let count = 0;
  for (const [command, page] of described(root, 'busyguest')) {
    const text = textOf(`${page}.1`);
    for (const { flags, description } of command.createHelp().visibleOptions(command)) {
      count += 1;
      assert.ok(
        text.includes(`.B "${escape(flags)}"\n${escape(description)}`),
        `${page}: ${flags}`,
      );
    }
    for (const { description } of command.registeredArguments) {
      assert.ok(text.includes(escape(description)), `${page}: ${description}`);
    }
  }
  assert.ok(count > 100);
});

test('manual: every example of the help is there', () => {
  for (const [file, text] of pages) {
    const [, examples = ''] = helpOf(file).split(/^Examples?:\n/m);
    for (const line of examples.split('\n\n')[0]?.split('\n') ?? []) {
      assert.ok(text.includes(escape(line.replace(/^ {2}/, ''))), `${file}: ${line}`);
    }
  }
});

test('manual: every exit code and every variable that the code reads is there', () => {
  const text = textOf('busyguest.1');
  for (const code of Object.values(exitCode))
    assert.match(text, new RegExp(`^\\.B "${code}"$`, 'm'));
  const names = environment.flatMap(([name]) => name.split(', '));
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' });
  const read = files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [
      ...readFileSync(join(source, file), 'utf8').matchAll(
        /(?:process\.env|environment)\['([A-Z][A-Z_]+)'\]/g,
      ),
    ])
    .map(([, name = '']) => name);
  assert.ok(read.length > 10);
  // PATH is every program's, and git's are git's.
  const unknown = read.filter((name) => !/^(?:PATH$|GIT_)/.test(name) && !names.includes(name));
  assert.deepEqual(unknown, [], 'add it to src/cli/manual/tables.ts');
});

test('manual: roff takes no word of ours for its own', () => {
  assert.equal(
    escape(".TH is text, so is 'this\n.and -o \\fB"),
    "\\&.TH is text, so is 'this\n\\&.and \\-o \\efB",
  );
  for (const [file, text] of pages) {
    for (const line of text.split('\n')) {
      assert.match(line, /^(?:[^.']|\\&|\.(?:\\"|TH|SH|PP|TP|B|BR|br|nf|fi|RS|RE)(?: |$)|$)/, file);
    }
  }
});

const readers = {
  mandoc: ['mandoc', '-Tlint', '-Wwarning'],
  man: ['man', '--warnings', '-E', 'UTF-8', '-l', '-Tutf8', '-Z'],
} as const;
for (const [name, argv] of Object.entries(readers)) {
  const there = spawnSync(name, ['-V']).error === undefined;
  test(
    `manual: ${name} has no complaint`,
    { skip: there ? false : `${name} is not installed` },
    (t) => {
      const dir = mkdtempSync(join(tmpdir(), 'busyguest-man-'));
      t.after(() => rmSync(dir, { recursive: true }));
      for (const [file, text] of pages) {
        writeFileSync(join(dir, file), text);
        const [program, ...args] = argv;
        const done = spawnSync(program, [...args, join(dir, file)], { encoding: 'utf8' });
        const said = name === 'man' ? done.stderr : `${done.stdout}${done.stderr}`;
        assert.equal(said, '', file);
      }
    },
  );
}
