/* SPDX-License-Identifier: GPL-2.0-only */
/* A guest that runs a guest of its own (arch/powerpc/kvm/book3s_hv_nested.c). */
#ifndef BUSYGUEST_NESTED_H
#define BUSYGUEST_NESTED_H

#include <linux/kvm.h>

/*
 * Turns the registers of a guest into those of a hypervisor whose guest starts
 * with them, in the same memory: it counts where it would count by itself.
 */
void nested_wrap(void *memory, struct kvm_regs *regs);

#endif
