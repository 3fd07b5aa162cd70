// SPDX-License-Identifier: MIT
import { InfraError } from '../model/errors.js';
import { readIfThere } from './files.js';
import { run } from './processes.js';

/**
 * Where Debian's archive is: $BUSYGUEST_DEBIAN_MIRROR, else what the system's apt uses, else
 * (on relatives of Debian) what debootstrap would use. Throws InfraError when nothing says it.
 */
export async function debianMirror(signal: AbortSignal): Promise<string> {
  const asked = process.env['BUSYGUEST_DEBIAN_MIRROR'];
  if (asked) return asked;
  const format = '$(REPO_URI)';
  const { stdout } = await run(
    ['apt-get', 'indextargets', '--format', format, 'Origin: Debian', 'Component: main'],
    {
      stage: 'fetch',
      signal,
      passes: 'network',
      todo: 'apt-get is needed for debian: sources; or use --tree PATH',
    },
  );
  const uris = [...new Set(stdout.split('\n').filter((uri) => uri !== ''))];
  const main = uris.find((uri) => !/security|backports/.test(uri));
  if (main !== undefined) return main.replace(/\/$/, '');
  return (await mirrorFromFiles()) ?? noMirror();
}

// `indextargets` knows only what was updated before; a fresh system has just the files.
async function mirrorFromFiles(): Promise<string | undefined> {
  const files = [
    '/etc/apt/sources.list.d/debian.sources',
    '/etc/apt/sources.list',
    '/usr/share/debootstrap/scripts/sid',
    '/usr/share/debootstrap/scripts/debian-common',
  ];
  for (const file of files) {
    const text = await readIfThere(file);
    const uri =
      text &&
      /^(?:URIs:|deb(?: \[[^\]]*\])?|[ \t]*default_mirror) +(https?:\S+\/debian)\/?(?:\s|$)/m.exec(
        text,
      )?.[1];
    if (uri) return uri;
  }
  return undefined;
}

function noMirror(): never {
  throw new InfraError(
    'fetch',
    "this system does not know Debian's archive",
    'set BUSYGUEST_DEBIAN_MIRROR to a mirror, or use a kernel tree of your own: --tree PATH',
  );
}
