# SPDX-License-Identifier: GPL-2.0-only
# CROSS_COMPILE and LLVM as in the kernel's Makefile.
ifeq ($(LLVM),1)
CC := clang $(if $(CROSS_COMPILE),--target=$(CROSS_COMPILE:%-=%))
else
CC := $(CROSS_COMPILE)gcc
endif
CFLAGS := -O2 -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror
