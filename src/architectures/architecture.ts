// SPDX-License-Identifier: MIT
import type { FaultPattern } from '../model/fault-pattern.js';
import type { Facts } from '../model/result.js';
import type { QemuMachine } from './machine.js';

/** A kernel's config: values by name, without `CONFIG_`; what is not set is not there. */
export type Config = ReadonlyMap<string, string>;

/** Something that the test needs of a kernel's config. */
export interface Need {
  /** One of these must be set; without `CONFIG_`. */
  readonly symbols: readonly string[];
  readonly values: readonly string[];
  readonly why: string;
}

/** What a package is called by each package manager that `doctor` can name packages for. */
export type PackageNames = Readonly<Record<'apt' | 'dnf' | 'zypper', string>>;

/** A form in which kernels of an architecture come. */
export interface ImageFormat {
  readonly name: string;
  /** Whether a file, read whole, is one. */
  is(file: Buffer): boolean;
}

/** An architecture on which KVM runs guests: everything that differs between them, and nothing else. */
export interface Architecture {
  /** The kernel's name for it: make's ARCH=, and the folder below arch/. */
  readonly name: string;
  readonly title: string;
  /** What a distribution calls it, in words to the user. */
  readonly word: string;
  /** What Node.js calls a computer of it (`os.arch()`). */
  readonly node: string;
  /** `uname -m`, and what RPM packages say. */
  readonly uname: string;
  /** Debian's name for it. */
  readonly debian: string;
  /** The prefix of its cross tools, and what Debian calls the folder of its libraries. */
  readonly triplet: string;
  /** The QEMU that emulates its machines. */
  readonly qemu: QemuProgram;
  /** KCIDB's name for it, in builds. */
  readonly kcidb: string;
  /** LAVA's name for it, in the context of the device type `qemu`. */
  readonly lava: string;
  readonly image: KernelImages;
  readonly kvm: KvmParts;
  readonly faults: Faults;
  /** What the config of a kernel tells a reader of the report beside its KVM and its preemption. */
  configFacts?(config: Config): Readonly<Record<string, string>>;
  readonly machines: readonly QemuMachine[];
  /** The emulated machines that together run every path of KVM that distributions' kernels have. */
  readonly everyPath: readonly string[];
}

/** A QEMU that emulates an architecture. */
export interface QemuProgram {
  readonly program: string;
  /** The variable of the environment that names another. */
  readonly variable: string;
  readonly packages: PackageNames;
  /** Files of its firmware that machines load. */
  readonly firmware: readonly string[];
  /** More of Debian's packages with firmware, and the folders of it, beside QEMU's own. */
  readonly firmwarePackages: readonly string[];
  readonly firmwareFolders: readonly string[];
}

/** A kernel's image: how it is built, and what is taken. */
export interface KernelImages {
  /** What make is asked for, and where that is in the object tree. */
  readonly goal: string;
  readonly path: string;
  /** What an emulated machine can start, the usual form first. */
  readonly formats: readonly ImageFormat[];
  /** What to give instead of a file that is none of these. */
  readonly hint: string;
  /** The release that an image names where its own text is compressed. */
  release?(file: Buffer): string | undefined;
  /** The meta package that leads to a Debian suite's newest kernel. */
  readonly newestPackage: string;
  /** How the names of Debian's kernel packages end. */
  readonly packageEnding: RegExp;
}

/** What KVM is made of. */
export interface KvmParts {
  /** A file that every tree with it has. */
  readonly source: string;
  /** How KVM runs guests, as the payload calls it (the fact `kvm`). */
  readonly kinds: readonly string[];
  /** The function that decides about a guest entry, and its file; the payload's facts say which. */
  entry(facts: Facts): string;
  /** What a computer has to be to run guests by it, a few words. */
  readonly host: string;
  /** The module that makes /dev/kvm on the machine under test, by its name with underscores. */
  readonly module: string;
  /** Modules that it usually needs. */
  readonly needs: readonly string[];
  /** Modules that can make /dev/kvm on a host. */
  readonly hostModules: readonly string[];
  /** Files and folders of a host that QEMU reads for a machine under its KVM. */
  readonly hostFiles: readonly string[];
  /** The fact that says how it is there: y, m or n; and the symbol, without `CONFIG_`. */
  readonly fact: string;
  readonly symbol: string;
  /** What an image contains in which KVM is built in, and one whose KVM is a module. */
  readonly marks: { readonly builtIn: readonly string[]; readonly module: readonly string[] };
  /** What the test needs of the config for the CPU and KVM, and for the console. */
  readonly config: readonly Need[];
  readonly console: Need;
}

/** What the architecture's own part of the kernel, its firmware and its machines complain of. */
export interface Faults {
  readonly crash: readonly FaultPattern[];
  readonly lockups: readonly FaultPattern[];
  readonly kvm: readonly FaultPattern[];
  /** Debugger, firmware and hardware. */
  readonly machine: readonly FaultPattern[];
  /** The line of an oops that names the function at the program counter, its first group. */
  readonly programCounter: RegExp;
}
