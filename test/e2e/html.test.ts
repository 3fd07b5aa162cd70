// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { updateIndex } from '../../src/history/run-index.js';
import type { RunResult } from '../../src/model/result.js';
import { renderIndex } from '../../src/reports/html/index-page.js';
import { renderHtml } from '../../src/reports/html/run-page.js';
import { inFolder, pairRun, writeRun } from '../unit/reports-html-run.js';
import { hostileText, sampleRun } from '../unit/reports-run.js';
import { jobWith } from '../unit/verdict-evidence.js';
import { skip, withPage } from './browser.js';
import { misplaced } from './misplaced.js';

const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

async function reportOf(dir: string, run: RunResult): Promise<string> {
  await writeRun(dir, run);
  const file = join(dir, 'report.html');
  await writeFile(file, await renderHtml(run, dir));
  return file;
}

const mixedRun = (): RunResult => {
  const run = pairRun(['qemu-pseries-p9', 'qemu-powernv8']);
  return { ...run, jobs: [...run.jobs, ...sampleRun().jobs.slice(2, 5)] };
};

const unfold = `document.querySelectorAll('details').forEach((one) => { one.open = true })`;

/** A run in results/ and the index over it: every page that there is. */
async function everyPage(dir: string): Promise<readonly string[]> {
  const run = mixedRun();
  const report = await reportOf(join(dir, 'one'), run);
  const flipped = run.jobs.map((job) => ({
    ...job,
    status: 'PASS' as const,
    cases: job.cases.slice(2),
  }));
  await reportOf(join(dir, 'two'), { ...run, run: 'two', startedAt: '2026-11-23', jobs: flipped });
  const index = join(dir, 'index.html');
  await writeFile(index, renderIndex(await updateIndex(dir)));
  return [report, index];
}

test('browser: plots are there, hovering reads them, enlarging zooms', { skip }, () =>
  inFolder(async (dir) => {
    const file = await reportOf(dir, pairRun(['qemu-pseries-p9']));
    await withPage(file, {}, async (page) => {
      assert.equal(await page.locator('figure > svg').count(), 3);
      const plot = page.locator('figure').first();
      const box = await plot.locator('svg').boundingBox();
      assert.ok(box && box.width > 300 && box.height > 150);
      await page.mouse.move(box.x + box.width * 0.25, box.y + box.height * 0.5);
      const reading = await plot.locator('.reading').innerText();
      assert.match(reading, /^3\.\d+ s\nunpatched 3\.\d+ s\npatched (0\.9|1\.0)\d* s$/);
      await plot.getByRole('button', { name: /enlarge/ }).click();
      const dialog = page.locator('dialog');
      const viewOf = () => dialog.locator('svg').getAttribute('viewBox');
      const whole = await viewOf();
      await dialog.getByRole('button', { name: 'zoom in' }).click();
      assert.notEqual(await viewOf(), whole);
      await dialog.getByRole('button', { name: 'close' }).click();
      await dialog.waitFor({ state: 'detached' });
    });
  }),
);

test('browser: a cell leads to its job, by keyboard and without scripts', { skip }, () =>
  inFolder(async (dir) => {
    const file = await reportOf(dir, pairRun(['qemu-pseries-p9']));
    for (const scripts of [true, false]) {
      await withPage(file, { scripts }, async (page) => {
        const cell = page.locator('a.cell').nth(1);
        await cell.focus();
        await page.keyboard.press('Enter');
        await page.locator('details[open] h4', { hasText: 'Cases' }).waitFor();
        assert.equal(await page.locator('details[open]').count(), 1);
        assert.match(await page.locator('details[open] pre').innerText(), /^qemu-system-ppc64 -M/);
      });
    }
  }),
);

test('browser: every link resolves', { skip }, () =>
  inFolder(async (dir) => {
    for (const file of await everyPage(dir)) {
      await withPage(file, {}, async (page) => {
        const hrefs = await page
          .locator('a')
          .evaluateAll((links) => links.map((link) => (link as unknown as { href: string }).href));
        const own = pathToFileURL(file).href;
        for (const href of hrefs) {
          const url = new URL(href);
          const anchor = decodeURIComponent(url.hash.slice(1));
          url.hash = '';
          if (url.href !== own) assert.ok(existsSync(fileURLToPath(url)), href);
          else assert.equal(await page.locator(`[id="${anchor}"]`).count(), 1, href);
        }
      });
    }
  }),
);

test('browser: no horizontal scrolling at 360 px, with everything unfolded', { skip }, () =>
  inFolder(async (dir) => {
    for (const file of await everyPage(dir)) {
      await withPage(file, { width: 360 }, async (page) => {
        const first = page.locator('details:not([open]) > summary').first();
        if ((await first.count()) > 0) await first.press('Enter');
        await page.evaluate(unfold);
        const width = await page.evaluate('document.documentElement.scrollWidth');
        assert.equal(width, 360, file);
      });
    }
  }),
);

for (const width of [360, 390, 768, 1280]) {
  test(`browser: no text is cut or lies on other text, ${width} px`, { skip }, () =>
    inFolder(async (dir) => {
      for (const file of await everyPage(dir)) {
        await withPage(file, { width }, async (page) => {
          await page.evaluate(unfold);
          assert.deepEqual(await page.evaluate(misplaced), [], file);
        });
      }
    }),
  );
}

test('browser: on paper, and dark, no text is cut or lies on other text', { skip }, () =>
  inFolder(async (dir) => {
    for (const file of await everyPage(dir)) {
      await withPage(file, { width: 720 }, async (page) => {
        await page.emulateMedia({ media: 'print' });
        await page.evaluate(unfold);
        assert.deepEqual(await page.evaluate(misplaced), [], `${file} on paper`);
        assert.equal(await page.locator('nav, .zoom').filter({ visible: true }).count(), 0);
      });
      await withPage(file, { scheme: 'dark' }, async (page) => {
        await page.evaluate(unfold);
        assert.deepEqual(await page.evaluate(misplaced), [], `${file} dark`);
      });
    }
  }),
);

test('browser: the look for misplaced text finds what is misplaced', { skip }, () =>
  inFolder(async (dir) => {
    const file = await reportOf(dir, pairRun(['qemu-pseries-p9']));
    await withPage(file, {}, async (page) => {
      await page.evaluate(`(() => {
        const [first, second] = document.querySelectorAll('figure > svg text');
        second.setAttribute('transform', first.getAttribute('transform') || '');
        for (const name of ['x', 'y']) second.setAttribute(name, first.getAttribute(name) || '0');
        document.querySelector('figure > svg').append(Object.assign(first.cloneNode(true), { innerHTML: 'far out' }));
        document.querySelector('figure > svg text:last-of-type').setAttribute('transform', 'translate(-40 20)');
        const cell = document.querySelector('td') || document.querySelector('th');
        cell.style.cssText = 'display:block;width:20px;padding:0;white-space:normal;overflow-wrap:anywhere';
        cell.textContent = 'a long expectation that is broken';
      })()`);
      const found = (await page.evaluate<string[]>(misplaced)).join('\n');
      assert.match(found, /^on "/m);
      assert.match(found, /^cut in a plot/m);
      assert.match(found, /^a broken word, "expectation"/m);
    });
  }),
);

test('browser: a FAIL is red and a PASS is not, in whatever order', { skip }, () =>
  inFolder(async (dir) => {
    const run = pairRun(['qemu-pseries-p9']);
    const colours = async (name: string, of: RunResult): Promise<Map<string, string>> => {
      const file = await reportOf(join(dir, name), of);
      let found = new Map<string, string>();
      await withPage(file, {}, async (page) => {
        found = new Map(
          await page.evaluate<
            [string, string][]
          >(`[...document.querySelectorAll('.legend')[0].querySelectorAll('li')]
            .map((one) => [one.textContent.trim(), getComputedStyle(one.querySelector('path')).stroke])`),
        );
      });
      return found;
    };
    const [a, b] = [
      await colours('a', run),
      await colours('b', { ...run, jobs: [...run.jobs].reverse() }),
    ];
    for (const found of [a, b]) {
      const isRed = (name: string): boolean => {
        const [red = 0, green = 0, blue = 0] = (found.get(name)?.match(/\d+/g) ?? []).map(Number);
        return red > green + 60 && red > blue + 60;
      };
      assert.ok(isRed('unpatched'), JSON.stringify([...found]));
      assert.ok(!isRed('patched'), JSON.stringify([...found]));
    }
  }),
);

test('browser: axe finds nothing serious, light and dark', { skip }, () =>
  inFolder(async (dir) => {
    for (const file of await everyPage(dir)) {
      for (const scheme of ['light', 'dark'] as const) {
        await withPage(file, { scheme }, async (page) => {
          await page.evaluate(unfold);
          await page.addScriptTag({ content: await readFile(axeFile, 'utf8') });
          const found = await page.evaluate<{
            violations: {
              id: string;
              impact: string;
              nodes: { html: string; failureSummary: string }[];
            }[];
          }>('axe.run()');
          const serious = found.violations.filter(({ impact }) =>
            /serious|critical|moderate/.test(impact),
          );
          assert.deepEqual(
            serious.map(({ id, nodes }) => [id, nodes[0]?.html, nodes[0]?.failureSummary]),
            [],
            `${file} ${scheme}`,
          );
        });
      }
    }
  }),
);

test('browser: a hostile console is text', { skip }, () =>
  inFolder(async (dir) => {
    const attack = `</script><script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>"'><a href="javascript:alert(4)">`;
    const bad = hostileText + attack;
    const lines = [bad, 'A'.repeat(10_000_000), '\u001b[31m'.repeat(1000)];
    const fault = { class: 'oops', title: bad, phase: 'test', lines } as const;
    const job = jobWith({
      name: 'hostile',
      device: bad,
      kernel: bad,
      reason: bad,
      status: 'FAIL',
      asExpected: false,
      faults: [fault],
      facts: { bad },
      deviceFacts: { qemu_argv: bad, bad },
      payloadFacts: { bad },
    });
    const silent = jobWith({ name: 'silent', status: 'MISS', asExpected: false, cases: [] });
    const run = sampleRun({ matrix: bad, jobs: [job, silent], verdicts: [] });
    await writeRun(dir, run);
    const invalid = Buffer.concat([Buffer.alloc(10_000_000, 0xff), Buffer.from(`\n${attack}\n`)]);
    await writeFile(join(dir, 'silent', 'console.log'), invalid);
    const file = join(dir, 'report.html');
    await writeFile(file, await renderHtml(run, dir));
    await withPage(file, {}, async (page) => {
      assert.equal(await page.locator('script').count(), 1);
      assert.equal(
        await page.locator('img, [onload], [onerror], a[href^="javascript:"]').count(),
        0,
      );
      const text = await page.locator('#job-silent pre').innerText();
      assert.ok(text.includes('<img src=x onerror=alert(2)>'));
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 1280);
    });
  }),
);

test('browser: a report of 200 jobs opens', { skip }, (context) =>
  inFolder(async (dir) => {
    const devices = Array.from({ length: 100 }, (_, index) => `qemu-device-${index}`);
    const file = await reportOf(dir, pairRun(devices));
    await withPage(file, {}, async (page) => {
      const loadedMs = await page.evaluate(
        'performance.getEntriesByType("navigation")[0].duration',
      );
      context.diagnostic(`opened in ${Math.round(Number(loadedMs))} ms`);
      assert.equal(await page.locator('details.job').count(), 200);
    });
    assert.ok(existsSync(join(dirname(file), 'results.json')));
  }),
);
