// SPDX-License-Identifier: MIT
// Makes docs/images anew: runs what a fixed, a failing and a regressed page need, and takes their pictures.
// `npm run screenshots`; pictures of other widths go to a folder: `-- DIR`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const project = fileURLToPath(new URL('..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'busyguest-screenshots-'));
const patches = join(project, 'jobs/patches');
const source = 'debian:linux-source';
const lacks = (name, base) => ({ name, source, fix: 'absent', expect: 'FAIL', ...base });
const has = (name, base) => ({ name, source, fix: 'present', expect: 'PASS', ...base });
const pages = {
  report: [lacks('unpatched'), has('patched', { base: 'unpatched' })],
  'report-fail': [{ ...lacks('next'), expect: 'PASS' }],
  'report-regressed': [has('base'), { ...lacks('patched', { base: 'base' }), expect: 'PASS' }],
};

/** Runs the kernels on a machine of each kind; gives the page. */
function run(name, kernels) {
  const matrix = {
    name,
    fix: {
      add: join(patches, 'kvm-hv-xfer-to-guest'),
      remove: [join(patches, 'remove-kvm-hv-xfer-to-guest')],
    },
    kernels,
    devices: ['qemu-pseries-p10', 'qemu-powernv8', 'qemu-powernv9'],
    tests: [{ name: 'busy-guest', 'quota-us': 30_000, 'period-us': 100_000 }],
  };
  // The page shows the name as it is given: no folder of this machine.
  const file = `${name}.yaml`;
  writeFileSync(join(work, file), JSON.stringify(matrix));
  const results = join(work, name);
  const argv = [join(project, 'bin/busyguest.mjs'), 'run', file, '--results', results];
  const { status } = spawnSync(process.execPath, argv, { cwd: work, stdio: 'inherit' });
  if (status !== 0 && status !== 1) throw new Error(`${name}: exit code ${status}`);
  return join(realpathSync(join(results, 'latest')), 'report.html');
}

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu'],
});

async function shoot(page, path, { width, height, colorScheme = 'light', media = 'screen' }) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme });
  const tab = await context.newPage();
  await tab.goto(pathToFileURL(page).href);
  await tab.emulateMedia({ media, colorScheme });
  await tab.screenshot({ path });
  await context.close();
}

const [, , more] = process.argv;
for (const [name, kernels] of Object.entries(pages)) {
  const page = run(name, kernels);
  await shoot(page, join(project, 'docs/images', `${name}.png`), { width: 1100, height: 1000 });
  if (more === undefined) continue;
  for (const width of [360, 390, 768, 1280]) {
    await shoot(page, join(more, `${name}-${width}.png`), { width, height: 1800 });
  }
  await shoot(page, join(more, `${name}-dark.png`), {
    width: 1100,
    height: 1000,
    colorScheme: 'dark',
  });
  await shoot(page, join(more, `${name}-print.png`), { width: 800, height: 1100, media: 'print' });
}
await browser.close();
