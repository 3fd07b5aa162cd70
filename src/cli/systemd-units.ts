// SPDX-License-Identifier: MIT

/** The first line of what `nightly install` writes; nothing else is overwritten or removed. */
export const unitMark =
  '# Written by "busyguest nightly install"; "busyguest nightly remove" removes it.';

/** What the units say. */
export interface UnitFacts {
  /** The whole command of a night. */
  readonly argv: readonly string[];
  readonly tree: string;
  /** Time of day, HH:MM. */
  readonly at: string;
  /** Whose rights it has, where it is a unit of the system. */
  readonly user?: string;
  /** File of variables such as KCIDB_REST and BUSYGUEST_SMTP; it need not be there. */
  readonly environmentFile: string;
  readonly path: string;
}

/** A word of ExecStart= and the like, whatever is in it (systemd.service(5), "COMMAND LINES"). */
const word = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%').replaceAll('$', '$$$$').replaceAll('\n', '\\n')}"`;

const line = (text: string): string => text.replaceAll('%', '%%').replace(/\s+/g, ' ');

/** The unit of a night. */
export const serviceUnit = ({ argv, tree, user, environmentFile, path }: UnitFacts): string =>
  `${unitMark}
[Unit]
Description=busyguest: a night of ${line(tree)}
Documentation=man:busyguest-nightly(1)
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
${user === undefined ? '' : `User=${user}\n`}Nice=10
Environment=${word(`PATH=${path}`)}
EnvironmentFile=-${line(environmentFile)}
ExecStart=${argv.map(word).join(' ')}
`;

/** Its timer. A night during which the computer was off is made up for when it is on again. */
export const timerUnit = ({ tree, at }: UnitFacts): string =>
  `${unitMark}
[Unit]
Description=busyguest: every night the tip of ${line(tree)}

[Timer]
OnCalendar=*-*-* ${at}:00
RandomizedDelaySec=10min
Persistent=true

[Install]
WantedBy=timers.target
`;
