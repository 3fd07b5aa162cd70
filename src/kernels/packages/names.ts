// SPDX-License-Identifier: MIT

const modulesDir = String.raw`(?:usr/)?lib/modules/([^/]+)`;
const checksums = /\.(?:hmac|sig|p7s|p7b|debug)$/;
const image = new RegExp(
  String.raw`^(?:boot/(?:vmlinu[xz]|zImage|image)(?:-.*)?|${modulesDir}/(?:vmlinu[xz]|zImage|image)[^/]*)$`,
);
const config = new RegExp(String.raw`^(?:boot/config-[^/]+|${modulesDir}/config)$`);
const moduleFile = new RegExp(String.raw`^${modulesDir}/.+\.ko(?:\.(?:gz|xz|zst))?$`);
const moduleList = new RegExp(String.raw`^${modulesDir}/(modules\.(?:dep|builtin))$`);
const release = new RegExp(`^${modulesDir}/`);

/** What a file of a kernel package is for, by its name below the package's root. */
export type Role = 'image' | 'config' | 'module' | 'modules.dep' | 'modules.builtin' | 'other';

/** The names are those of Debian, Fedora, RHEL and openSUSE; debug images below usr/lib/debug are none. */
export function roleOf(name: string): Role {
  if (image.test(name)) return checksums.test(name) ? 'other' : 'image';
  if (config.test(name)) return 'config';
  if (moduleFile.test(name)) return 'module';
  const list = moduleList.exec(name)?.[2];
  return list === 'modules.dep' || list === 'modules.builtin' ? list : 'other';
}

/** A module's name as the kernel knows it: no folder, no ending, underscores. */
export function moduleName(path: string): string {
  const file = path.slice(path.lastIndexOf('/') + 1);
  return file.replace(/\.ko(?:\.(?:gz|xz|zst))?$/, '').replaceAll('-', '_');
}

/** The kernel release that a file below lib/modules/ is for. */
export function releaseOf(name: string): string | undefined {
  return release.exec(name)?.[1];
}
