// SPDX-License-Identifier: MIT
import { JobError, UsageError } from '../model/errors.js';
import type { Problem } from '../model/errors.js';
import type { JobMatrix } from '../model/job.js';
import { checkReferences } from './check.js';
import { checkCpus } from './check-cpus.js';
import { checkData } from './check-data.js';
import { readDocument } from '../documents/document.js';
import { expandMatrix, type ExpandOptions } from './expand.js';
import { findingsOf, type SchemaNode } from '../documents/issues.js';
import { inFileOrder, pathText, problemOf } from '../documents/positions.js';
import type { Finding } from '../documents/positions.js';
import { jobMatrixJsonSchema, matrixSchema } from './schema.js';
import { sourceFault } from './sources.js';

const matrixKind = { noun: 'job matrix', keys: 'name, kernels, devices, tests' };
const published = jobMatrixJsonSchema() as SchemaNode;

export interface LoadOptions extends ExpandOptions {
  /** Names of the built-in devices. */
  readonly knownDevices: readonly string[];
}

/**
 * Reads a job matrix and expands it. `file` is how the user named it; paths inside are relative to its folder.
 * Throws JobError with every mistake and its position, UsageError for a `tree` that is no kernel source.
 * Reads nothing from the disk: whether patches and trees exist is found out when they are used.
 */
export function loadMatrix(file: string, text: string, options: LoadOptions): JobMatrix {
  checkTree(options);
  const { source, data, problems } = readDocument(file, text, matrixKind);
  const toProblem = (finding: Finding): Problem => problemOf(source, finding);
  const unsafe = checkData(data).map(toProblem);
  return matrixOf(data, file, options, [...problems, ...unsafe], toProblem);
}

/**
 * The same from data that a generator made: mistakes have a path in the data, but no line. `from: 'anybody'` takes from it
 * what YAML may ask for: nobody knows that the generator was run.
 */
export function loadMatrixData(
  file: string,
  data: unknown,
  options: LoadOptions,
  from: 'program' | 'anybody' = 'program',
): JobMatrix {
  checkTree(options);
  const toProblem = ({ path, target, message, hint }: Finding): Problem => {
    const owner = pathText(target === 'key' ? path.slice(0, -1) : path);
    const text = `${file}: ${owner === '' ? '' : `${owner}: `}${message}`;
    return { message: text, ...(hint !== undefined && { hint }) };
  };
  const unsafe = from === 'anybody' ? checkData(data).map(toProblem) : [];
  return matrixOf(data, file, options, unsafe, toProblem);
}

function checkTree({ tree }: LoadOptions): void {
  const treeFault = tree === undefined ? undefined : sourceFault(tree);
  if (treeFault !== undefined) throw new UsageError(`--tree: ${treeFault}`);
}

function matrixOf(
  data: unknown,
  file: string,
  options: LoadOptions,
  problems: readonly Problem[],
  toProblem: (finding: Finding) => Problem,
): JobMatrix {
  const parsed = matrixSchema.safeParse(data);
  const findings = [
    ...findingsOf(parsed.error?.issues ?? [], data, published),
    ...checkReferences(data, options.knownDevices),
  ];
  const all = [...problems, ...findings.map(toProblem)];
  if (all.length > 0 || !parsed.success) throw new JobError(inFileOrder(all));

  const matrix = expandMatrix(parsed.data, file, options);
  const late = [...checkJobs(matrix), ...checkCpus(parsed.data, matrix.jobs)];
  if (late.length > 0) throw new JobError(inFileOrder(late.map(toProblem)));
  return matrix;
}

/** What shows only after expanding: names that run together, and nothing left to do. */
function checkJobs({ jobs, kernels }: JobMatrix): Finding[] {
  if (jobs.length === 0)
    return [{ path: ['exclude'], target: 'key', message: 'exclude leaves no job' }];
  const seen = new Map<string, string>();
  const findings: Finding[] = [];
  for (const { name, kernel } of jobs) {
    const other = seen.get(name);
    seen.set(name, other ?? kernel.name);
    if (other === undefined) continue;
    findings.push({
      path: ['kernels', kernels.findIndex((one) => one.name === kernel.name), 'name'],
      message: `two jobs would have the name "${name}"`,
      hint: `rename this kernel or "${other}"`,
    });
  }
  return findings;
}
