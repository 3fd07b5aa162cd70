// SPDX-License-Identifier: MIT
import { FaultReader } from '../../src/console/fault-reader.js';
import type { Line } from '../../src/console/lines.js';
import { PayloadReader } from '../../src/ktap/payload.js';
import { KtapReader } from '../../src/ktap/reader.js';
import type { Sample } from './figures.js';

/** What a process that read a console says of it. */
export interface Reading extends Sample {
  /** The most memory that it had. */
  readonly residentBytes: number;
}

type Feed = (line: Line) => void;

const ktap = (): Feed => {
  const reader = new KtapReader();
  return (line) => reader.feed(line.text, line);
};
const faults = (): Feed => {
  const reader = new FaultReader();
  return (line) => reader.feed(line.text, 'boot');
};
const payload = (): Feed => {
  const reader = new PayloadReader();
  return (line) => reader.feed(line.text, line.terminated);
};

/** What reads the lines of a console, by a name for the table. */
export const readers: Readonly<Record<string, () => readonly Feed[]>> = {
  'lines alone': () => [],
  'with KTAP': () => [ktap()],
  'with faults': () => [faults()],
  'with all': () => [ktap(), faults(), payload()],
};

/** The names of the readers. */
export const readerNames: readonly string[] = Object.keys(readers);
