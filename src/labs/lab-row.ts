// SPDX-License-Identifier: MIT

/** A result as a lab recorded it by itself. */
export interface LabRow {
  readonly name: string;
  readonly result: string;
  readonly value?: number;
  readonly unit?: string;
}
