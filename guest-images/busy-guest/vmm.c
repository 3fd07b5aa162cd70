// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch.h"
#include "vmm.h"

#define MEMORY_MB	256
#define MEMORY_SIZE	((size_t)MEMORY_MB << 20)
#define PAGE		4096

/* A guest's page: mark, count. */
#define MARK		"BUSYGUEST-COUNTS"
#define MARK_BYTES	16
#define SPINS		"BUSYGUEST-SPINS"

/* A file without a name. */
static int temporary_file(void)
{
	const char *dir = access("/dev/shm", W_OK) ? "" : "/dev/shm";
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/busyguest-XXXXXX", dir);
	fd = mkstemp(path);
	if (fd >= 0)
		unlink(path);
	return fd;
}

bool vmm_alloc(struct vmm *v, const struct workload *load, char *why, size_t len)
{
	v->count = NULL;
	v->memory = MAP_FAILED;
	v->memory_fd = temporary_file();
	v->console_fd = temporary_file();
	v->firmware_fd = temporary_file();
	if (v->memory_fd >= 0 && !ftruncate(v->memory_fd, MEMORY_SIZE))
		v->memory = mmap(NULL, MEMORY_SIZE, PROT_READ, MAP_SHARED, v->memory_fd, 0);
	if (v->memory == MAP_FAILED || v->console_fd < 0 ||
	    !arch_vmm->write_guest(v->firmware_fd, v->memory_fd, load)) {
		snprintf(why, len, "files for QEMU: %s", strerror(errno));
		return false;
	}
	return true;
}

void vmm_free(struct vmm *v)
{
	if (v->memory != MAP_FAILED)
		munmap(v->memory, MEMORY_SIZE);
	v->memory = MAP_FAILED;
	v->count = NULL;
	close(v->memory_fd);
	close(v->console_fd);
	close(v->firmware_fd);
	v->memory_fd = v->console_fd = v->firmware_fd = -1;
}

void vmm_exec(const struct vmm *v, const struct workload *load)
{
	char memory[96], firmware[32], smp[8], kernel[128], initrd[128], append[64];
	const char *argv[40];
	int n = 0;

	snprintf(memory, sizeof(memory), "memory-backend-file,id=ram,size=%dM,share=on,mem-path=/proc/self/fd/%d",
		 MEMORY_MB, v->memory_fd);
	snprintf(firmware, sizeof(firmware), "/proc/self/fd/%d", v->firmware_fd);
	snprintf(smp, sizeof(smp), "%d", load->vcpus);
	snprintf(kernel, sizeof(kernel), "%s/vmlinux", load->vmm_files);
	snprintf(initrd, sizeof(initrd), "%s/initrd", load->vmm_files);
	snprintf(append, sizeof(append), "console=%s -- %lld", arch_vmm->console,
		 (long long)load->hcall_us);

	argv[n++] = load->vmm;
	/* A vCPU's thread is found by its name. */
	argv[n++] = "-name", argv[n++] = "guest,debug-threads=on";
	argv[n++] = "-M", argv[n++] = load->vmm_linux ? arch_vmm->linux_machine : arch_vmm->machine;
	argv[n++] = "-accel", argv[n++] = "kvm", argv[n++] = "-cpu", argv[n++] = "host";
	argv[n++] = "-smp", argv[n++] = smp, argv[n++] = "-m", argv[n++] = "256";
	argv[n++] = "-object", argv[n++] = memory;
	argv[n++] = "-nodefaults", argv[n++] = "-no-user-config", argv[n++] = "-no-reboot";
	argv[n++] = "-display", argv[n++] = "none", argv[n++] = "-monitor", argv[n++] = "none";
	argv[n++] = "-serial", argv[n++] = "stdio";
	if (load->vmm_linux) {
		argv[n++] = "-kernel", argv[n++] = kernel, argv[n++] = "-initrd", argv[n++] = initrd;
		argv[n++] = "-append", argv[n++] = append;
	} else {
		argv[n++] = "-bios", argv[n++] = firmware;
	}
	argv[n] = NULL;

	dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
	dup2(v->console_fd, STDOUT_FILENO);
	dup2(v->console_fd, STDERR_FILENO);
	execvp(load->vmm, (char *const *)argv);
}

/* What was printed last, from at most @len bytes before the end. */
static void read_console(const struct vmm *v, char *text, size_t len)
{
	off_t end = lseek(v->console_fd, 0, SEEK_END);
	off_t from = end > (off_t)len - 1 ? end - (off_t)len + 1 : 0;
	ssize_t n = pread(v->console_fd, text, len - 1, from);

	text[n > 0 ? n : 0] = '\0';
}

static bool has_started(const struct vmm *v)
{
	char text[512];

	read_console(v, text, sizeof(text));
	return strstr(text, SPINS);
}

bool vmm_has_failed(const struct vmm *v, char *why, size_t len)
{
	/* accel/kvm/kvm-all.c, kvm_cpu_exec() and kvm_handle_internal_error(), and its target/. */
	static const char * const messages[] = {
		"error: kvm run failed", "KVM internal error", "KVM: unknown exit reason",
	};
	off_t size = lseek(v->console_fd, 0, SEEK_END);
	char *text, *at = NULL;

	text = size > 0 ? mmap(NULL, size, PROT_READ, MAP_SHARED, v->console_fd, 0) : MAP_FAILED;
	if (text == MAP_FAILED)
		return false;
	for (size_t i = 0; !at && i < sizeof(messages) / sizeof(*messages); i++)
		at = memmem(text, size, messages[i], strlen(messages[i]));
	if (at) {
		char *newline = memchr(at, '\n', text + size - at);

		snprintf(why, len, "KVM_RUN of QEMU: %.*s",
			 (int)((newline ? newline : text + size) - at), at);
	}
	munmap(text, size);
	return at;
}

void vmm_last_line(const struct vmm *v, char *line, size_t len)
{
	char text[512], *end;

	read_console(v, text, sizeof(text));
	end = text + strlen(text);
	while (end > text && (end[-1] == '\n' || end[-1] == '\r'))
		*--end = '\0';
	end = strrchr(text, '\n');
	snprintf(line, len, "%s", end ? end + 1 : text);
}

/* By pread: looking at memory that nobody has written yet must not make it. */
static const volatile uint64_t *find_count(const struct vmm *v)
{
	char mark[MARK_BYTES];

	for (off_t at = 0; at < (off_t)MEMORY_SIZE; at += PAGE)
		if (pread(v->memory_fd, mark, sizeof(mark), at) == sizeof(mark) &&
		    !memcmp(mark, MARK, sizeof(mark)))
			return (const uint64_t *)((const char *)v->memory + at + MARK_BYTES);
	return NULL;
}

bool vmm_find_counter(struct vmm *v)
{
	if (!v->count && has_started(v))
		v->count = find_count(v);
	return v->count;
}

uint64_t vmm_counter(const struct vmm *v)
{
	return v->count ? *v->count : 0;
}
