// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from '../../model/errors.js';
import { isRemote } from '../../system/rsync.js';

/** Where artefacts are put for a lab's workers. */
export type Target =
  /** A folder, and where a web server shows it. */
  | { readonly kind: 'folder'; readonly dir: string; readonly url: string }
  /** rsync over ssh: `host:path` or `user@host:path`. */
  | { readonly kind: 'rsync'; readonly remote: string; readonly url: string }
  /** This process serves them, for labs that can reach this machine. */
  | { readonly kind: 'server'; readonly host: string; readonly port: number };

/**
 * Reads `--publish` and `--url`: a folder, `host:path`, or `http://ADDRESS:PORT` of this machine.
 * A folder without URL is named by file:, which suits a worker on the same machine. Throws UsageError.
 */
export function parseTarget(text: string, url?: string): Target {
  if (url !== undefined && !/^(https?|ftp|file):\/\/\S+$/.test(url)) {
    throw new UsageError(`--url ${url}: an address is needed, such as https://files.lab/busyguest`);
  }
  if (text.startsWith('http://')) return server(text, url);
  if (isRemote(text)) {
    if (url === undefined) {
      throw new UsageError(`--publish ${text}: --url is needed: where workers find that folder`);
    }
    return { kind: 'rsync', remote: text, url: folderUrl(url) };
  }
  const dir = resolve(text);
  return { kind: 'folder', dir, url: folderUrl(url ?? pathToFileURL(dir).href) };
}

function server(text: string, url: string | undefined): Target {
  const { hostname, port, pathname } = new URL(text);
  if (pathname !== '/' || url !== undefined) {
    throw new UsageError(`--publish ${text}: only an address and a port, and no --url`);
  }
  return { kind: 'server', host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || '0') };
}

const folderUrl = (url: string): string => (url.endsWith('/') ? url : `${url}/`);
