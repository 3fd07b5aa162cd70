// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const src = fileURLToPath(new URL('../../../src', import.meta.url));

/** What each folder of src/ may import besides itself and model: docs/architecture.md. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  model: [],
  console: [],
  ktap: [],
  verdict: [],
  documents: [],
  jobs: ['documents', 'system'],
  kernels: ['system'],
  images: ['system'],
  labs: ['ktap', 'system'],
  devices: ['documents', 'labs', 'system'],
  history: ['system'],
  reports: ['system'],
  system: [],
};
/** These join the stages and may import everything but what stands above them. */
const joiners = ['pipeline', 'cli', 'main.ts'];
/** No effects: not even Node.js' own modules. */
const pure = ['model', 'console', 'ktap', 'verdict'];

interface Import {
  readonly file: string;
  readonly folder: string;
  readonly target: string;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(src, file), 'utf8');
  const folder = file.split('/')[0] ?? '';
  return [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((match) => {
    const name = match[1] ?? '';
    const target = name.startsWith('.') ? normalize(join(dirname(file), name)) : name;
    return { file, folder, target };
  });
}

const imports = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .flatMap(importsOf);

/** What is wrong with an import, or undefined. */
function fault({ file, folder, target }: Import): string | undefined {
  const isOurs = /^[a-z]+(\/|\.js$)/.test(target) && !/^node:/.test(target);
  const targetFolder = target.split('/')[0] ?? '';
  if (pure.includes(folder) && !(targetFolder in allowed))
    return `${file}: ${target} is no part of the pure middle`;
  if (!isOurs || !(targetFolder in allowed || joiners.includes(targetFolder))) return undefined;
  if (joiners.includes(folder)) {
    return folder === 'pipeline' && targetFolder === 'cli'
      ? `${file}: ${target} stands above it`
      : undefined;
  }
  const may = [folder, 'model', ...(allowed[folder] ?? [])];
  return may.includes(targetFolder) ? undefined : `${file}: ${folder} may not import ${target}`;
}

test('every folder imports only what docs/architecture.md lets it', () => {
  assert.deepEqual(
    imports.map(fault).filter((one) => one !== undefined),
    [],
  );
});

test('the rule sees imports at all, and refuses the wrong ones', () => {
  assert.ok(imports.length > 100);
  const wrong = (file: string, target: string): Import => ({
    file,
    folder: file.split('/')[0] ?? '',
    target,
  });
  assert.ok(fault(wrong('ktap/x.ts', 'node:fs')));
  assert.ok(fault(wrong('jobs/x.ts', 'kernels/build.js')));
  assert.ok(fault(wrong('model/x.ts', 'system/files.js')));
  assert.ok(fault(wrong('pipeline/x.ts', 'cli/run.js')));
  assert.equal(fault(wrong('devices/x.ts', 'system/files.js')), undefined);
});
