// SPDX-License-Identifier: MIT
import type { Status } from '../model/status.js';

type Misc = Readonly<Record<string, unknown>>;

/** A file elsewhere. */
export interface KcidbResource {
  /** Usable as a file name. */
  readonly name: string;
  readonly url: string;
}

export interface KcidbNumber {
  readonly value: number;
  readonly unit?: string;
  readonly prefix?: 'metric';
}

interface KcidbObject {
  readonly id: string;
  readonly origin: string;
}

export interface KcidbCheckout extends KcidbObject {
  readonly tree_name?: string;
  readonly git_repository_url?: string;
  readonly git_repository_branch?: string;
  readonly git_commit_hash?: string;
  readonly git_commit_name?: string;
  readonly patchset_files?: readonly KcidbResource[];
  readonly patchset_hash?: string;
  readonly comment?: string;
  readonly start_time?: string;
  readonly valid: boolean;
  readonly log_excerpt?: string;
  readonly misc: Misc;
}

export interface KcidbBuild extends KcidbObject {
  readonly checkout_id: string;
  readonly architecture: string;
  readonly compiler?: string;
  readonly config_name?: string;
  readonly config_url?: string;
  readonly log_url?: string;
  readonly start_time?: string;
  readonly duration?: number;
  readonly log_excerpt?: string;
  readonly status: Status;
  readonly comment?: string;
  readonly misc: Misc;
}

export interface KcidbTest extends KcidbObject {
  readonly build_id: string;
  readonly path: string;
  readonly status: Status;
  readonly comment?: string;
  readonly log_excerpt?: string;
  readonly log_url?: string;
  readonly output_files?: readonly KcidbResource[];
  readonly number?: KcidbNumber;
  readonly start_time?: string;
  readonly duration?: number;
  readonly environment: {
    readonly compatible?: readonly string[];
    readonly comment: string;
    readonly misc: Misc;
  };
  readonly misc: Misc;
}

export interface KcidbIssue extends KcidbObject {
  readonly version: number;
  readonly comment: string;
  readonly report_url?: string;
  readonly report_subject?: string;
  readonly culprit: { readonly code: boolean; readonly tool: boolean; readonly harness: boolean };
  readonly misc: Misc;
}

export interface KcidbIncident extends KcidbObject {
  readonly issue_id: string;
  readonly issue_version: number;
  readonly test_id: string;
  readonly present: boolean;
  readonly comment: string;
  readonly misc?: Misc;
}

/** A submission as KCIDB's schema v5.3 has it. */
export interface KcidbReport {
  readonly version: { readonly major: 5; readonly minor: 3 };
  readonly checkouts: readonly KcidbCheckout[];
  readonly builds: readonly KcidbBuild[];
  readonly tests: readonly KcidbTest[];
  readonly issues: readonly KcidbIssue[];
  readonly incidents: readonly KcidbIncident[];
}
