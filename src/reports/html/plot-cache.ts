// SPDX-License-Identifier: MIT
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheDir, digest, temporaryFor } from '../../system/files.js';
import { Markup } from './markup.js';
import { draw, drawnBy, type Plot } from './plot.js';

/**
 * draw() through the cache: a run that takes its results from an earlier one has the same pictures, and drawing
 * them takes longer than all the rest of its report. Functions in the option must not depend on anything that varies.
 */
export const drawOnce: typeof draw = (id, title, size, option) => {
  const key = digest(drawnBy, id, title, JSON.stringify([size, option], codeToo));
  const path = cacheDir('plots', `${key.slice(0, 24)}.json`);
  const known = read(path);
  if (known) return known;
  const plot = draw(id, title, size, option);
  keep(path, plot);
  return plot;
};

const codeToo = (_name: string, value: unknown): unknown =>
  typeof value === 'function' ? String(value) : value;

interface Stored {
  readonly svg: string;
  readonly frame: string;
}

function read(path: string): Plot | undefined {
  try {
    const { svg, frame } = JSON.parse(readFileSync(path, 'utf8')) as Stored;
    return { svg: new Markup(svg), frame };
  } catch {
    return undefined;
  }
}

function keep(path: string, { svg, frame }: Plot): void {
  const stored: Stored = { svg: svg.text, frame };
  const temporary = temporaryFor(path);
  try {
    mkdirSync(dirname(path), { recursive: true });
    forgetOld(dirname(path));
    writeFileSync(temporary, JSON.stringify(stored));
    renameSync(temporary, path);
  } catch {
    // A cache that cannot be written only costs time.
  }
}

const keptMs = 7 * 24 * 60 * 60 * 1000;
let swept = false;

// A nightly run makes new pictures of every metric: those of last week will not be asked for again.
function forgetOld(dir: string): void {
  if (swept) return;
  swept = true;
  for (const name of readdirSync(dir)) {
    const path = join(dir, name);
    if (Date.now() - statSync(path).mtimeMs > keptMs) rmSync(path, { force: true });
  }
}
