// SPDX-License-Identifier: MIT
import { UsageError } from '../model/errors.js';
import type { RunResult } from '../model/result.js';

/** Where the folder of all runs is published, as `--base-url` has it, without a slash at its end. Throws UsageError. */
export function parseBaseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url?.username === '' && url.password === '' && url.search === '' && !url.hash;
  if (url === undefined || !/^https?:$/.test(url.protocol) || !isPlain) {
    throw new UsageError(
      '--base-url: https://HOST/PATH is needed, where the results are published',
    );
  }
  return url.href.replace(/\/$/, '');
}

/** Where the page of a run is published. @param baseUrl as parseBaseUrl() gives it */
export const pageUrl = (baseUrl: string, { run }: Pick<RunResult, 'run'>): string =>
  `${baseUrl}/${encodeURIComponent(run)}/report.html`;
