// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import { allCommands, grammarOf } from '../../src/cli/completion/grammar.js';
import { kindOfPlaceholder, valueKinds } from '../../src/cli/completion/values.js';
import { completionScript } from '../../src/cli/completion.js';
import { program } from '../../src/cli/program.js';
import type { Command } from 'commander';

const root = await program();
const all = allCommands(grammarOf(root));
const scripts = {
  bash: await completionScript('bash'),
  zsh: await completionScript('zsh'),
  fish: await completionScript('fish'),
};

test('completion: every command and option of the help is in every script', () => {
  for (const [shell, script] of Object.entries(scripts)) {
    for (const { path, options } of all) {
      const [, own = ''] =
        {
          bash: new RegExp(
            `^    (?:'${path}'|${path === '' ? "''" : path})\\) (commands=.*)$`,
            'm',
          ),
          zsh: new RegExp(
            `^_busyguest${path && '__'}${path.replace(/[ -]/g, '_')}\\(\\) \\{(.*?)^\\}`,
            'ms',
          ),
          fish: new RegExp(
            `^((?:complete -c busyguest -n '__busyguest_at${path && ' '}${path}' .*\\n)+)`,
            'm',
          ),
        }[shell]?.exec(script) ?? [];
      assert.notEqual(own, '', `${shell}: ${path}`);
      for (const { long, short } of options) {
        const spelt = shell === 'fish' ? long.replace('--', '-l ') : long;
        assert.ok(own.includes(spelt), `${shell}: ${path} ${long}`);
        if (short) assert.ok(own.includes(shell === 'fish' ? short.replace('-', '-s ') : short));
      }
    }
  }
  assert.ok(all.length > 20);
});

test('completion: no hidden command is offered', () => {
  for (const { path, commands } of all) {
    assert.notEqual(path, 'complete');
    for (const one of commands) assert.notEqual(one.path, 'complete');
  }
});

test('completion: every word that stands for a value is known', () => {
  const words = (command: Command): readonly string[] => [
    ...command.options.flatMap(
      ({ flags }) => /[<[]([^>\]]*?)(?:\.\.\.)?[>\]]/.exec(flags)?.[1] ?? [],
    ),
    ...command.registeredArguments.filter(({ argChoices }) => !argChoices).map((one) => one.name()),
    ...command.commands.flatMap(words),
  ];
  const unknown = words(root).filter((word) => kindOfPlaceholder(word) === undefined);
  assert.deepEqual(unknown, [], 'add it to src/cli/completion/values.ts');
});

test('completion: each shell knows every kind of value', () => {
  for (const kind of valueKinds.filter((one) => one !== 'text')) {
    assert.match(scripts.bash, new RegExp(`^    (?:\\w+ \\| )*${kind}(?: \\| \\w+)*\\)`, 'm'));
    assert.match(scripts.zsh, new RegExp(`^_busyguest_${kind}\\(\\)`, 'm'));
    if (kind !== 'file')
      assert.match(scripts.fish, new RegExp(`^function __busyguest_${kind}$`, 'm'));
  }
});

test("completion: an option's value is of the kind that its help says", () => {
  const kindOf = (path: string, long: string): string | undefined =>
    all.find((one) => one.path === path)?.options.find((one) => one.long === long)?.value?.kind;
  assert.equal(kindOf('run', '--results'), 'folder');
  assert.equal(kindOf('check', '--device'), 'devices');
  assert.equal(kindOf('bisect', '--device'), 'device');
  assert.equal(kindOf('run', '--resume'), 'unfinished');
  assert.equal(kindOf('run', '--quiet'), undefined);
  const expected = all
    .find((one) => one.path === 'run')
    ?.options.find(({ long }) => long === '--expected');
  assert.deepEqual(expected?.value?.words, ['pass', 'todo', 'fail']);
});
