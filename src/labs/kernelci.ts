// SPDX-License-Identifier: MIT
import { usualArchitecture } from '../architectures/architectures.js';
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
/** Where KCIDB has the tests: as in submissions of our own. */
const testSuite = 'kvm.busy_guest';
const names = (job: KernelciSource): { job: string; platform: string } => {
  const device = job.metadata['busyguest_device'] ?? '';
  const test = job.metadata['busyguest_test'] ?? '';
  return { job: `${test}-${device}`, platform: `busyguest-${device}` };
};

/** As kernelci-pipeline builds its other kernels for powerpc. */
const kbuildJob = {
  template: 'kbuild.jinja2',
  kind: 'kbuild',
  image: 'ghcr.io/kernelci/{image_prefix}gcc-14:powerpc-kselftest-kernelci',
  priority: 'high',
  params: {
    backend: 'tuxmake',
    arch: usualArchitecture.name,
    compiler: 'gcc-14',
    cross_compile: `${usualArchitecture.triplet}-`,
    defconfig: 'ppc64le_defconfig',
    fragments,
  },
  rules: { tree: ['!android', '!chromiumos', '!cip'] },
};

/**
 * Jobs, platforms and schedule for kernelci-pipeline, and the template. A checkout and a patchset on top of it are
 * checkouts both, so a pair needs no more than the two.
 * @param lab name of the runtime that runs the jobs: one of `runtimes` in its pipeline.yaml
 */
export function kernelciFiles(jobs: readonly KernelciSource[], lab: string): KernelciFiles {
  const value = {
    jobs: inOrder({
      [kbuild]: kbuildJob,
      ...Object.fromEntries(jobs.map((job) => [names(job).job, jobOf(job)])),
    }),
    platforms: inOrder(
      Object.fromEntries(
        jobs.map((job) => [
          names(job).platform,
          {
            base_name: job.deviceType,
            arch: usualArchitecture.name,
            boot_method: 'qemu',
            mach: 'qemu',
          },
        ]),
      ),
    ),
    scheduler: [
      {
        job: kbuild,
        event: { channel: 'node', kind: 'checkout', state: 'available' },
        runtime: { name: 'k8s-all' },
      },
      ...jobs.map((job) => ({
        job: names(job).job,
        event: { channel: 'node', kind: 'kbuild', name: kbuild, result: 'pass', state: 'done' },
        runtime: { name: lab },
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

/** Keys in the order that kernelci-core's own check wants: by words, numbers by their value. */
function inOrder<T>(map: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  const words = (key: string): readonly string[] =>
    key.split(/[-_.]/).map((word) => (/^\d+$/.test(word) ? word.padStart(12, '0') : word));
  const before = (a: string, b: string): number => {
    const [left, right] = [words(a), words(b)];
    const at = left.findIndex((word, index) => word !== right[index]);
    if (at < 0) return left.length - right.length;
    const [one, other] = [left[at] ?? '', right[at]];
    return other === undefined || one > other ? 1 : -1;
  };
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => before(a, b)));
}

function jobOf(job: KernelciSource): object {
  const { machine } = job;
  const { cpu } = machine;
  return {
    template: 'busyguest.jinja2',
    kind: 'job',
    kcidb_test_suite: testSuite,
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

/**
 * KernelCI makes a test of each line that LAVA reads, and takes the part of the suite's name behind the first `_`; where
 * that is the job's own, its path in KCIDB has it once, as `kcidb_test_suite` (src/send_kcidb.py). LAVA takes no dot in
 * it when a job is submitted, though its strict validation does (lava_scheduler_app/schema.py, _monitor_def_schema). So
 * only cases are read, whose names have no `__`, and a case's first metric is its measurement: it stands in the line
 * behind that of its case. Without one, the case's own 1 or 0 is.
 */
const caseMonitor = {
  name: `0_${placeholder('node.name')}`,
  pattern: [
    'BG-RESULT v1 name=(?P<test_case_id>[a-z0-9]+(?:_[a-z0-9]+)*) result=(?P<result>pass|fail|skip|unknown) ',
    // LAVA matches while lines are still coming: the next line is awaited before it is said to be another case's.
    String.raw`(?:measurement=[01] unit=ok;\r*\nBG-RESULT v1 name=(?P=test_case_id)__[a-z0-9_]+ result=\w+ `,
    String.raw`|(?=[^\n]*\n(?!BG-RESULT v1 name=(?P=test_case_id)__)[^\n]*\n))`,
    'measurement=(?P<measurement>-?[0-9.]+) unit=(?P<units>[a-z%/]+);',
  ].join(''),
};

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
    deviceType: placeholder('device_type'),
    // One template for all: only some machines need another card than LAVA's own.
    machine: { ...job.machine, machine: placeholder('machine'), networkCard: undefined },
    kernel: { ...job.kernel, url: placeholder('node.artifacts.kernel'), sha256: noChecksum },
    initramfs,
    commandLine: placeholder('command_line'),
    monitor: caseMonitor,
    metadata: {
      node_id: placeholder('node.id'),
      api_config_name: placeholder('api_config.name'),
      storage_config_name: placeholder('storage_config.name'),
    },
  });
  return `${head}${text
    .replace(new RegExp(`\\n *sha256sum: ${noChecksum}`), '')
    .replace(/^priority: .*$/m, `priority: ${placeholder('priority')}`)
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
    url: {{ instance_callback }}/node/{{ node.id }}
    method: {{ notify.callback.method | default('POST') }}
    dataset: {{ notify.callback.dataset | default('all') }}
    content-type: {{ notify.callback['content-type'] | default('json') }}
    {%- if notify.callback.token %}
    token: {{ notify.callback.token }}
    {%- endif %}
{% endif %}
`;
