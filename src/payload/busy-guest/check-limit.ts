// SPDX-License-Identifier: MIT
import type { BusyGuestParameters } from './parameters.js';

/** The control that runs without a limit is watched for so many periods (guest-images/busy-guest/cases/basic.c). */
const controlPeriods = 5;
/** HZ=250, the tick of every kernel that is configured from `minimal` and of most distributions. */
const tickUs = 4000;
/** How exactly the payload sees a moment (guest-images/busy-guest/bounds.c). */
const resolutionUs = 1000;

/**
 * Why a test of that limit could show nothing, or undefined: the guest without a limit must use more than the limit
 * allows, and the payload knows both to a tick a CPU and period only (limit_can_be_shown() in bounds.c, docs/judging.md).
 */
export function whyNothingIsShown({
  quotaUs,
  periodUs,
  vcpus,
  cpus: machineCpus,
}: Pick<BusyGuestParameters, 'quotaUs' | 'periodUs' | 'vcpus' | 'cpus'>): string | undefined {
  const cpus = Math.min(vcpus, machineCpus ?? vcpus);
  const sure = cpus * (controlPeriods * periodUs - (controlPeriods + 1) * tickUs);
  const allowed = controlPeriods * quotaUs + cpus * (tickUs + resolutionUs);
  if (sure > allowed) return undefined;
  const most = Math.floor((sure - cpus * (tickUs + resolutionUs) - 1) / controlPeriods);
  const least = most < 1000 ? 'this period is too short for any' : `at most ${most} us can be told`;
  return `a quota of ${quotaUs} us cannot be told from no limit with a tick of ${tickUs} us: ${least}`;
}
