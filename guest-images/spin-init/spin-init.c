// SPDX-License-Identifier: GPL-2.0-only
/*
 * PID 1 of a Linux guest of QEMU: says on the console that it is there, then
 * counts in memory for ever without another system call. The host finds the
 * page in the guest's memory by its mark and reads the count behind it.
 *
 * usage: spin-init [EXIT_US]
 * Every EXIT_US microseconds it runs an illegal instruction. The hypervisor
 * gets that first, and gives it back to the guest without its own user space
 * (BOOK3S_INTERRUPT_H_EMUL_ASSIST, kvmppc_handle_exit_hv()): for an emulator
 * that loses timers of the hypervisor.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096
#define TIMEBASE_PER_US 512

/* Two halves, so that the program's own file in the guest's memory does not have the mark. */
static const char mark[2][9] = { "BUSYGUES", "T-COUNTS" };

static struct {
	char mark[16];
	volatile uint64_t count;
} page __attribute__((aligned(PAGE)));

static void skip_instruction(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	((ucontext_t *)context)->uc_mcontext.regs->nip += 4;
}

static uint64_t timebase(void)
{
	uint64_t ticks;

	asm volatile("mftb %0" : "=r"(ticks));
	return ticks;
}

int main(int argc, char **argv)
{
	uint64_t ticks = argc > 1 ? strtoull(argv[1], NULL, 10) * TIMEBASE_PER_US : 0;
	struct sigaction skip = { .sa_sigaction = skip_instruction, .sa_flags = SA_SIGINFO };
	int console = open("/dev/console", O_WRONLY);
	uint64_t next = 0;

	sigaction(SIGILL, &skip, NULL);
	memcpy(page.mark, mark[0], 8);
	memcpy(page.mark + 8, mark[1], 8);
	if (console < 0 || write(console, "BUSYGUEST-SPINS\n", 16) != 16)
		return 1;
	/* As long as the bare guest's loop, for the same reason. */
	for (;;) {
		page.count++;
		asm volatile(".rept 1000\n\tnop\n\t.endr");
		if (!ticks || timebase() < next)
			continue;
		next = timebase() + ticks;
		asm volatile(".long 0");
	}
}
