// SPDX-License-Identifier: MIT
import type { JobResult } from '../../model/result.js';

const kvm = 'arch/powerpc/kvm';

/** The function that decides about a guest entry on the machine of a job, and its file; undefined where no guest ran. */
export function guestEntry({
  payloadFacts: facts = {},
}: Pick<JobResult, 'payloadFacts'>): string | undefined {
  if (facts['kvm'] === 'PR') return `kvmppc_prepare_to_enter() (${kvm}/powerpc.c)`;
  if (facts['kvm'] !== 'HV') return undefined;
  const isOld = /POWER[78]/i.test(facts['cpu'] ?? '');
  return `${isOld ? 'kvmppc_run_vcpu()' : 'kvmhv_run_single_vcpu()'} (${kvm}/book3s_hv.c)`;
}
