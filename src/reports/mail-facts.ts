// SPDX-License-Identifier: MIT

/** A patch of the series that was checked. */
export interface MailPatch {
  /** As its mail had it. */
  readonly subject: string;
  /** The name under which facts speak of it (`patches_not_compiled`). */
  readonly file: string;
  readonly commit?: string | undefined;
}

/** The mail that is answered, as its headers had it. */
export interface MailReply {
  readonly from: string;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly subject: string;
  readonly messageId: string;
  readonly references: readonly string[];
}

/** What a mail about a series says beyond the results; check.json. */
export interface MailFacts {
  /** Ref, commit or version of the base. */
  readonly base: string;
  /** In order. */
  readonly patches: readonly MailPatch[];
  /** What one has to have for the command. */
  readonly where: string;
  /** The command that does it again without the tester's disk. */
  readonly command: string;
  /** What the kernel is configured with, over nothing: `KVM_BOOK3S_64_HV`, `NR_CPUS=16`. */
  readonly config: readonly string[];
  /** busyguest's version, and its commit where that is known. */
  readonly version: string;
  /** Who tested, `Name <address>`; undefined: a line to fill in. */
  readonly tester?: string | undefined;
  /** Undefined: the series came by no mail. */
  readonly reply?: MailReply | undefined;
}
