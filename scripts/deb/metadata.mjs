// SPDX-License-Identifier: MIT
// What the Debian package says of itself: control, copyright, changelog.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const compiled = join(dirname(fileURLToPath(import.meta.url)), '../../dist/src');
const git = (root, ...args) =>
  execFileSync('git', ['-C', root, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();

/** Who makes the package: DEBFULLNAME and DEBEMAIL, as Debian's tools have it, else who made the commit. */
export function maintainer(root) {
  const { DEBFULLNAME: name, DEBEMAIL: mail } = process.env;
  return name && mail ? `${name} <${mail}>` : git(root, 'log', '-1', '--format=%an <%ae>');
}

/** Seconds since 1970: of SOURCE_DATE_EPOCH, else of the commit. */
export function releaseTime(root) {
  return Number(process.env.SOURCE_DATE_EPOCH ?? git(root, 'log', '-1', '--format=%ct'));
}

/** Packages of the table that doctor has. Every Debian has util-linux, and none may say that it needs it. */
async function packages() {
  const part = (path) => import(pathToFileURL(join(compiled, path)).href);
  const { usualArchitecture } = await part('architectures/architectures.js');
  const { toolsFor } = await part('system/tools.js');
  const needed = toolsFor(usualArchitecture).filter(
    ({ packages: { apt } }) => apt !== 'util-linux',
  );
  const names = (optional) => [
    ...new Set(
      needed
        .filter((tool) => (tool.optional ?? false) === optional)
        .map((tool) => tool.packages.apt),
    ),
  ];
  return { depends: names(false), recommends: names(true) };
}

const { depends, recommends } = await packages();
const { engines, description } = JSON.parse(
  readFileSync(join(dirname(fileURLToPath(import.meta.url)), '../../package.json'), 'utf8'),
);
const node = `nodejs (>= ${engines.node.replace(/^>=/, '')})`;

/** DEBIAN/control. */
export const control = ({ version, kib, maintainer: who }) => `Package: busyguest
Version: ${version}
Architecture: all
Maintainer: ${who}
Installed-Size: ${kib}
Depends: ${[node, ...depends].join(', ')}
Recommends: ${recommends.join(', ')}
Suggests: mmdebstrap
Section: devel
Priority: optional
Description: CPU limits on KVM guests, tested on emulated POWER machines
 ${wrapped(description)}.
 .
 busyguest builds the kernels that it is given, boots each on every POWER
 machine that it can emulate or reach, runs a KVM guest that never pauses under
 a CPU limit, and says with numbers whether the limit holds. Reports are TAP,
 JUnit, KCIDB and web pages; jobs also run in a LAVA lab.
`;

/** Lines of 80 characters at most, as a description has them. */
function wrapped(text) {
  return text
    .split(' ')
    .reduce(
      (lines, word) =>
        `${lines.at(-1)} ${word}`.length > 79
          ? [...lines, word]
          : [...lines.slice(0, -1), `${lines.at(-1)} ${word}`.trim()],
      [''],
    )
    .join('\n ');
}

/** Debian's changelog; CHANGELOG.md says more. */
export function changelog(root, version) {
  const date = new Date(releaseTime(root) * 1000).toUTCString().replace('GMT', '+0000');
  const what = 'What changed is in /usr/share/doc/busyguest/CHANGELOG.md.gz.';
  return `busyguest (${version}) unstable; urgency=medium\n\n  * Version ${version}. ${what}\n\n -- ${maintainer(root)}  ${date}\n`;
}

/** The machine-readable copyright file: busyguest's own parts, and each package of npm by its license. */
export function copyright(own) {
  const { components } = JSON.parse(readFileSync(join(own, 'sbom.cdx.json'), 'utf8'));
  const share = 'usr/share/busyguest';
  const parts = components.map(({ name, licenses = [] }) => {
    const folder = join(own, 'node_modules', name);
    const license =
      licenses.map((one) => one.license?.id ?? one.expression).join(' or ') || 'see-its-folder';
    return `Files: ${share}/node_modules/${name}/*\nCopyright: ${holder(folder) ?? `the authors of ${name}`}\nLicense: ${license}\n`;
  });
  const gpl = ['guest-images/*', 'jobs/patches/*'].map((path) => `${share}/${path}`).join(' ');
  const ids = new Set(
    parts.map((part) => /License: (.*)\n$/.exec(part)[1]).filter((id) => id !== 'MIT'),
  );
  const texts = [...ids].map(
    (id) =>
      `License: ${id}\n The text is in the folder of each such package, ${share}/node_modules.\n`,
  );
  return [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: busyguest\n',
    'Files: *\nCopyright: the authors of busyguest\nLicense: MIT\n',
    `Files: ${gpl}\nCopyright: the authors of busyguest\nLicense: GPL-2.0-only\n`,
    ...parts,
    `License: MIT\n${indented(readFileSync(join(own, 'LICENSES', 'MIT.txt'), 'utf8'))}`,
    'License: GPL-2.0-only\n On Debian systems, the text is in /usr/share/common-licenses/GPL-2.\n',
    ...texts,
  ].join('\n');
}

const indented = (text) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? ' .\n' : ` ${line}\n`))
    .join('');

/** Who a package's license names first. */
function holder(folder) {
  if (!existsSync(folder)) return undefined;
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  if (file === undefined) return undefined;
  return /^\W*copyright (?:(?:\(c\)|©) *|(?=\d{4}))(.+)$/im.exec(
    readFileSync(join(folder, file), 'utf8'),
  )?.[1];
}
