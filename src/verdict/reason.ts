// SPDX-License-Identifier: MIT
import type { CaseResult } from '../model/result.js';
import type { TestProgram } from '../payload/test-program.js';

/** `name: number that matters` of a case that measured something, else `name: reason`, else `name: status`. */
export function describeCase({ reporting }: TestProgram, result: CaseResult): string {
  const measured = result.status === 'PASS' || result.status === 'FAIL';
  const sentence = measured ? reporting.describe(result) : undefined;
  return `${result.name}: ${sentence ?? result.reason ?? result.status}`;
}

/** Several cases in one line. */
export function describeCases(program: TestProgram, results: readonly CaseResult[]): string {
  const { mostNamed = results.length } = program.reporting;
  const more = results.length - mostNamed;
  const named = results.slice(0, mostNamed).map((one) => describeCase(program, one));
  return [...named, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
