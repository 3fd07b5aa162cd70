// SPDX-License-Identifier: MIT
import { commentedYaml } from './commented-yaml.js';
import { lavaDefinition } from './lava/definition.js';
import type { LavaJob, LavaQemu } from './lava/job.js';

/** A LAVA job on an emulated machine; its kernel is KernelCI's, not ours. */
export type KernelciSource = LavaJob & { readonly machine: LavaQemu };

/** Files for kernelci-pipeline: `config/jobs-busyguest.yaml`, `config/runtime/busyguest.jinja2`. */
export interface KernelciFiles {
  readonly jobs: string;
  readonly template: string;
}

const kbuild = 'kbuild-gcc-14-powerpc-busyguest';
/** What the test needs and ppc64le_defconfig may lack; all built in, as the initramfs has no modules. */
const fragments = [
  'CONFIG_CFS_BANDWIDTH=y',
  'CONFIG_KVM_BOOK3S_64=y',
  'CONFIG_KVM_BOOK3S_64_HV=y',
  'CONFIG_DEVTMPFS=y',
  'CONFIG_BLK_DEV_INITRD=y',
];
const names = (job: KernelciSource): { job: string; platform: string } => {
  const device = job.metadata['busyguest_device'] ?? '';
  const test = job.metadata['busyguest_test'] ?? '';
  return { job: `${test}-${device}`, platform: `busyguest-${device}` };
};

/** Jobs, platforms and schedule in the form that kernelci-pipeline's tests/validate_yaml.py checks, and the template. */
export function kernelciFiles(jobs: readonly KernelciSource[]): KernelciFiles {
  const value = {
    jobs: {
      [kbuild]: {
        template: 'kbuild.jinja2',
        kind: 'kbuild',
        params: {
          arch: 'powerpc',
          compiler: 'gcc-14',
          cross_compile: 'powerpc64le-linux-gnu-',
          defconfig: 'ppc64le_defconfig',
          fragments,
        },
      },
      ...Object.fromEntries(jobs.map((job) => [names(job).job, jobOf(job)])),
    },
    platforms: Object.fromEntries(
      jobs.map((job) => [
        names(job).platform,
        { base_name: job.deviceType, arch: 'powerpc', boot_method: 'qemu', mach: 'qemu' },
      ]),
    ),
    scheduler: [
      {
        job: kbuild,
        event: { channel: 'node', kind: 'checkout', state: 'available' },
        runtime: { type: 'kubernetes' },
      },
      ...jobs.map((job) => ({
        job: names(job).job,
        event: { channel: 'node', kind: 'kbuild', name: kbuild, result: 'pass', state: 'done' },
        runtime: { type: 'lava' },
        platforms: [names(job).platform],
      })),
    ],
  };
  const yaml = commentedYaml(value, {
    head: [
      'For kernelci-pipeline: config/jobs-busyguest.yaml. Made by "busyguest generate --for kernelci".',
    ],
    notes: [
      {
        at: ['jobs', kbuild, 'params', 'fragments'],
        text: 'all built in: the initramfs has no modules',
      },
    ],
  });
  const [first] = jobs;
  return { jobs: yaml, template: first === undefined ? '' : templateOf(first) };
}

function jobOf(job: KernelciSource): object {
  const { machine } = job;
  const { cpu } = machine;
  return {
    template: 'busyguest.jinja2',
    kind: 'job',
    kcidb_test_suite: 'busyguest',
    params: {
      machine: machine.machine,
      memory: machine.memoryMb,
      extra_options: [
        ...(cpu === undefined ? [] : [`-cpu ${cpu}`]),
        `-smp ${machine.cpus}`,
        '-accel tcg',
        ...machine.args,
      ],
      command_line: job.commandLine,
      initramfs_url: job.initramfs.url,
      initramfs_sha256: job.initramfs.sha256,
    },
  };
}

const placeholder = (name: string): string => `{{ ${name} }}`;

/** The same definition with KernelCI's words in the places where jobs differ. */
function templateOf(job: KernelciSource): string {
  const initramfs = {
    ...job.initramfs,
    url: placeholder('initramfs_url'),
    sha256: placeholder('initramfs_sha256'),
  };
  const text = lavaDefinition({
    ...job,
    name: `${placeholder('node.id')} ${placeholder('node.name')} ${placeholder('node.data.kernel_revision.describe')}`,
    deviceType: placeholder('platform_config.base_name'),
    machine: { ...job.machine, machine: placeholder('machine') },
    kernel: { ...job.kernel, url: placeholder('node.artifacts.kernel'), sha256: noChecksum },
    initramfs,
    commandLine: placeholder('command_line'),
    metadata: {
      node_id: placeholder('node.id'),
      api_config_name: placeholder('api_config.name'),
      storage_config_name: placeholder('storage_config.name'),
    },
  });
  return `${head}${text
    .replace(new RegExp(`\\n *sha256sum: ${noChecksum}`), '')
    .replace(/memory: \d+/, `memory: ${placeholder('memory')}`)
    .replace(
      /extra_options:\n(?: +- .*\n)+/,
      `extra_options: ${placeholder('extra_options | tojson')}\n`,
    )}${notify}`;
}

/** KernelCI knows the kernel's place only. */
const noChecksum = 'no-checksum';

const head = `{# SPDX-License-Identifier: MIT #}
{# For kernelci-pipeline: config/runtime/busyguest.jinja2. The payload's flat lines become LAVA's test cases. #}
`;

const notify = `{% if notify %}
notify:
  criteria:
    status: finished
  callback:
    url: {{ notify.callback.url }}/node/{{ node.id }}
    method: {{ notify.callback.method | default('POST') }}
    dataset: {{ notify.callback.dataset | default('all') }}
    content-type: {{ notify.callback['content-type'] | default('json') }}
    {%- if notify.callback.token %}
    token: {{ notify.callback.token }}
    {%- endif %}
{% endif %}
`;
