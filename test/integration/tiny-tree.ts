// SPDX-License-Identifier: MIT
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A source that is built in a moment and as a kernel is: one C file; then `link`, a shell command, writes `$@`. */
export async function writeTree(tree: string, link: string): Promise<void> {
  const files = {
    'arch/powerpc/kvm/book3s_hv.c': 'int one;\n',
    'kernel/sched/core.c': '',
    Kconfig: '',
    Makefile: `allnoconfig:
	cp $(KCONFIG_ALLCONFIG) $(O)/.config
vmlinux: $(O)/vmlinux
$(O)/vmlinux: arch/powerpc/kvm/book3s_hv.c
	$(CC) -c -o $(O)/book3s_hv.o arch/powerpc/kvm/book3s_hv.c
	mkdir -p $(O)/include/config
	echo 1.2.3 > $(O)/include/config/kernel.release
	touch $(O)/System.map
	${link}
`,
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(tree, name, '..'), { recursive: true });
    await writeFile(join(tree, name), text);
  }
}
