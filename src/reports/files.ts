// SPDX-License-Identifier: MIT
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunResult } from '../model/result.js';
import { readEnd, replaceFile } from '../system/files.js';
import { plainPath } from '../system/plain-folder.js';
import { maxSystemOutBytes, renderJunit } from './junit.js';
import { renderKcidb } from './kcidb.js';
import { renderMarkdown } from './markdown.js';
import type { Report } from './report.js';
import { renderResultsJson } from './results-json.js';
import { renderTap } from './tap.js';

/** `/dev/stdout`, a pipe: a rename would replace it. */
async function isSpecial(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && !found.isFile();
}

/** Writes a whole file or none: a full disk must not leave half a result that reads like one. */
async function write(path: string, text: string, named: boolean): Promise<void> {
  // In a run's folder, which may be anybody's, a device in its place is not what somebody asked for.
  if (named && (await isSpecial(path))) await writeFile(path, text);
  else await replaceFile(path, text, { flush: true });
}

async function consoleTails(run: RunResult, dir: string): Promise<Record<string, string>> {
  const tails: Record<string, string> = {};
  for (const { name } of run.jobs) {
    const path = await plainPath(dir, name, 'console.log');
    const end = path === undefined ? path : await readEnd(path, maxSystemOutBytes);
    // A job that was never booted has no console.
    tails[name] = end?.text ?? '';
  }
  return tails;
}

type Render = (run: RunResult, dir: string, path: string) => string | Promise<string>;

/** What each report that is a file is called in a run's folder, and how its text is made. */
const fileFormats = {
  json: { file: 'results.json', render: renderResultsJson },
  tap: { file: 'results.tap', render: renderTap },
  junit: {
    file: 'junit.xml',
    render: async (run, dir) => renderJunit(run, await consoleTails(run, dir)),
  },
  markdown: { file: 'results.md', render: renderMarkdown },
  html: {
    file: 'report.html',
    // The plotting library takes half a second to load, which other reports should not wait for.
    render: async (run, dir, path) =>
      (await import('./html/run-page.js')).renderHtml(run, dir, path),
  },
  kcidb: { file: 'kcidb.json', render: (run, dir) => renderKcidb(run, dir) },
} as const satisfies Readonly<Record<string, { file: string; render: Render }>>;

export type FileFormat = keyof typeof fileFormats;

/** Names of the formats, for the command line and its messages. */
export const fileFormatNames = Object.keys(fileFormats) as readonly FileFormat[];

/**
 * A report that is one file, replaced as a whole.
 * @param path where to; the format's own name in the run's folder when absent
 */
export function fileReport(format: FileFormat, path?: string): Report {
  const { file, render }: { file: string; render: Render } = fileFormats[format];
  return {
    name: format,
    async onEnd(run, dir) {
      const target = path ?? join(dir, file);
      await write(target, await render(run, dir, target), path !== undefined);
    },
  };
}
