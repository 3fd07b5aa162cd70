// SPDX-License-Identifier: MIT
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { updateIndex } from '../history/run-index.js';
import type { OpenRun } from '../model/history.js';
import { describeProgress, renderIndex } from '../reports/html/index-page.js';
import { renderHtml, renderLive } from '../reports/html/run-page.js';
import { digest, exists } from '../system/files.js';
import { KnownFiles, readOpenRun, readRun } from './run-folder.js';

/** What is in results/ now: `state` differs when anything that the pages show does. */
export interface Snapshot {
  readonly state: string;
  readonly open: readonly OpenRun[];
}

/** Pages of a results folder that runs may be writing to. It only reads, except for the index's cache. */
export class LiveResults {
  private mtimeMs = Number.NaN;
  private closed = new Set<string>();
  private files: ReadonlyMap<string, KnownFiles> = new Map();
  private page: { readonly state: string; readonly text: Promise<string> } | undefined;

  constructor(readonly dir: string) {}

  /**
   * Cheap enough for once a second: finished runs are looked at again only when a folder comes or goes, files of the
   * others are read again only when they are others.
   */
  async snapshot(): Promise<Snapshot> {
    const { mtimeMs } = await stat(this.dir);
    if (mtimeMs !== this.mtimeMs) this.closed.clear();
    this.mtimeMs = mtimeMs;
    const entries = await readdir(this.dir, { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    const open: OpenRun[] = [];
    const files = new Map<string, KnownFiles>();
    for (const name of folders.sort()) {
      if (this.closed.has(name)) continue;
      const own = this.files.get(name) ?? new KnownFiles();
      const run = await readOpenRun(join(this.dir, name), own).catch(() => undefined);
      if (run) {
        open.push(run);
        files.set(name, own);
      } else if (await exists(join(this.dir, name, 'results.json'))) this.closed.add(name);
      // Any other may be that of a run which is about to write its run.json.
    }
    this.files = files;
    const progress = open.map(({ dir, running, result }) => [dir, running, result.jobs.length]);
    const state = digest(JSON.stringify([folders, progress])).slice(0, 16);
    return { state, open };
  }

  /** The index as results/index.html has it, with the unfinished runs, following the results. */
  async indexPage(): Promise<string> {
    const live = await this.snapshot();
    if (this.page?.state !== live.state) {
      const text = updateIndex(this.dir).then((index) => renderIndex(index, live));
      this.page = { state: live.state, text };
    }
    return this.page.text;
  }

  /** The page of a run that has no report.html; undefined where there is no such run. */
  async runPage(dir: string): Promise<string | undefined> {
    const { state, open } = await this.snapshot();
    const path = join(this.dir, dir);
    const run = open.find((one) => one.dir === dir);
    if (run) return renderLive(run.result, path, { state, progress: describeProgress(run) });
    const finished = await readRun(path).catch(() => undefined);
    return finished && renderHtml(finished, path);
  }
}
