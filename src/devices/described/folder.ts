// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectDir } from '../../system/files.js';
import { configDir } from '../../system/secrets.js';
import { readDescription } from './load.js';
import type { Description } from './schema.js';

const ending = '.yaml';

/** Where descriptions of devices are looked for; the user's own come first. */
export const descriptionDirs = (): readonly string[] => [
  configDir('devices'),
  join(projectDir, 'devices'),
];

/** Names of the described devices with their files; nothing is read but the folders. */
export function describedDevices(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const dir of descriptionDirs()) {
    for (const file of namesIn(dir)) {
      const name = file.slice(0, -ending.length);
      if (!files.has(name)) files.set(name, join(dir, file));
    }
  }
  return files;
}

/** Throws JobError with all mistakes of the file. */
export function readDescribed(file: string): Description {
  return readDescription(file, readFileSync(file, 'utf8'));
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir)
      .filter((file) => /^[a-z0-9][a-z0-9._-]*\.yaml$/.test(file))
      .sort();
  } catch {
    return [];
  }
}
