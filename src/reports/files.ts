// SPDX-License-Identifier: MIT
import { stat, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { RunResult } from '../model/result.js';
import { readEnd, replaceFile } from '../system/files.js';
import { plainPath } from '../system/plain-folder.js';
import { usualMode, type ExpectedMode } from '../verdict/expected.js';
import { renderAnnotations } from './annotations.js';
import { maxSystemOutBytes, renderJunit } from './junit.js';
import { renderKcidb } from './kcidb.js';
import { renderMarkdown } from './markdown.js';
import type { Report } from './report.js';
import { renderResultsJson } from './results-json.js';
import { renderFlatTap, renderTap } from './tap.js';

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

/** Files of each job that a CI may keep, by the paths under which it looks for them. */
async function attachments(run: RunResult, dir: string): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const { name } of run.jobs) {
    const paths = await Promise.all(
      ['console.log', 'build.log'].map((file) => plainPath(dir, name, file)),
    );
    found[name] = paths.flatMap((path) => (path === undefined ? [] : [asWorkspacePath(path)]));
  }
  return found;
}

/** Jenkins and GitLab start from their workspace, where a job's commands begin. */
function asWorkspacePath(path: string): string {
  const inside = relative('.', path);
  return inside.startsWith('..') ? resolve(path) : inside;
}

interface Target {
  readonly dir: string;
  readonly path: string;
  readonly mode: ExpectedMode;
}

type Render = (run: RunResult, target: Target) => string | Promise<string>;

interface Format {
  readonly file: string;
  readonly render: Render;
  /** Loads what `render` needs: called while a machine boots, which leaves a CPU for it. */
  readonly load?: () => Promise<unknown>;
}

/** What each report that is a file is called in a run's folder, and how its text is made. */
const fileFormats = {
  json: { file: 'results.json', render: renderResultsJson },
  tap: { file: 'results.tap', render: (run, { mode }) => renderTap(run, mode) },
  tap13: { file: 'results.tap13', render: (run, { mode }) => renderFlatTap(run, mode) },
  junit: {
    file: 'junit.xml',
    render: async (run, { dir, mode }) =>
      renderJunit(run, {
        mode,
        tails: await consoleTails(run, dir),
        attachments: await attachments(run, dir),
      }),
  },
  markdown: { file: 'results.md', render: (run, { mode }) => renderMarkdown(run, mode) },
  annotations: { file: 'annotations.txt', render: (run, { mode }) => renderAnnotations(run, mode) },
  html: {
    file: 'report.html',
    // The plotting library takes half a second to load, which other reports should not wait for.
    load: async () => {
      await import('./html/run-page.js');
      (await import('./html/plot.js')).loadLibrary();
    },
    render: async (run, { dir, path }) =>
      (await import('./html/run-page.js')).renderHtml(run, dir, path),
  },
  kcidb: { file: 'kcidb.json', render: (run, { dir }) => renderKcidb(run, dir) },
} as const satisfies Readonly<Record<string, Format>>;

export type FileFormat = keyof typeof fileFormats;

/** Names of the formats, for the command line and its messages. */
export const fileFormatNames = Object.keys(fileFormats) as readonly FileFormat[];

/**
 * A report that is one file, replaced as a whole.
 * @param path where to; the format's own name in the run's folder when absent
 * @param mode how failures that are expected are shown
 */
export function fileReport(format: FileFormat, path?: string, mode = usualMode): Report {
  const { file, render, load }: Format = fileFormats[format];
  let loaded: Promise<unknown> | undefined;
  return {
    name: format,
    onEvent({ kind }) {
      // What cannot be loaded fails again in `render`, and is said there.
      if (kind === 'job-phase') loaded ??= load?.().catch(() => undefined);
    },
    async onEnd(run, dir) {
      const target = path ?? join(dir, file);
      await write(target, await render(run, { dir, path: target, mode }), path !== undefined);
    },
  };
}
