# SPDX-License-Identifier: GPL-2.0-only
# CROSS_COMPILE, LLVM and ARCH as in the kernel's Makefile; ARCH by itself is what the compiler compiles for.
ifeq ($(LLVM),1)
CC := clang $(if $(CROSS_COMPILE),--target=$(CROSS_COMPILE:%-=%))
else
CC := $(CROSS_COMPILE)gcc
endif
CFLAGS := -O2 -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror
ifndef ARCH
ARCH := $(shell $(CC) -dumpmachine | sed -e 's/-.*//' -e 's/^p\(ower\)\?pc.*/powerpc/' -e 's/^aarch64.*/arm64/' \
	-e 's/^riscv.*/riscv/' -e 's/^x86_64.*/x86/')
endif
