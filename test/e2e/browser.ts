// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before } from 'node:test';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';

const browserPath = '/usr/bin/chromium';
/** Why tests in a browser are skipped; false where there is one. */
export const skip = existsSync(browserPath)
  ? false
  : `no browser at ${browserPath} (Debian: chromium)`;

let browser: Browser | undefined;
before(async () => {
  if (skip) return;
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];
  const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'];
  browser = await chromium.launch({ executablePath: browserPath, args: [...args, ...quiet] });
});
after(() => browser?.close());

export interface Open {
  readonly width?: number;
  readonly scripts?: boolean;
  readonly scheme?: 'light' | 'dark';
}

/** Opens a file; fails afterwards if the page complained or fetched anything. */
export async function withPage(
  file: string,
  open: Open,
  use: (page: Page) => Promise<void>,
): Promise<void> {
  assert.ok(browser);
  const context = await browser.newContext({
    viewport: { width: open.width ?? 1280, height: 900 },
    javaScriptEnabled: open.scripts ?? true,
    colorScheme: open.scheme ?? 'light',
    // The page's policy forbids the checker's script too.
    bypassCSP: open.scheme !== undefined,
  });
  try {
    const page = await context.newPage();
    const complaints: string[] = [];
    const url = pathToFileURL(file).href;
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('dialog', (dialog) => complaints.push(`dialog ${dialog.message()}`));
    page.on('request', (request) => {
      if (request.url() !== url) complaints.push(`request ${request.url()}`);
    });
    await page.goto(url);
    await use(page);
    assert.deepEqual(complaints, []);
  } finally {
    await context.close();
  }
}
