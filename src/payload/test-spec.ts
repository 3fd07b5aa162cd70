// SPDX-License-Identifier: MIT
import { z } from 'zod';
import type { TestParameters, TestSpec } from '../model/job.js';
import { programNames, programOf } from './registry.js';

const program = z.enum(programNames).optional();

interface Tested {
  readonly program?: string | undefined;
  readonly parameters: unknown;
}

/** Checks parameters by the schema of the program that they are for; zod shows where one is wrong. */
const checkParameters = (data: unknown, context: z.RefinementCtx<never>): void => {
  const tested = data as Tested;
  if (tested.program !== undefined && !programNames.includes(tested.program)) return;
  const { error } = programOf(tested).parameters.safeParse(tested.parameters);
  for (const issue of error?.issues ?? []) {
    context.addIssue({ ...issue, code: 'custom', path: ['parameters', ...issue.path] } as never);
  }
};

/** What stands beside the name of a test in files of anybody: its program, and parameters that this takes. */
export function withParameters<T extends z.ZodRawShape>(shape: T) {
  const parameters = z.custom<TestParameters>((data) => typeof data === 'object' && data !== null);
  const object = z.strictObject({ ...shape, program, parameters });
  return object.superRefine(checkParameters as never);
}

/** The `test` of a job.json. */
export const testSpec = withParameters({ name: z.string() }) as unknown as z.ZodType<TestSpec>;
