// SPDX-License-Identifier: MIT
import type { CaseResult } from '../model/result.js';
import type { Body, BodyResult } from './body.js';
import { flatten } from './flatten.js';
import { KtapReader, type KtapCase, type KtapDocument } from './reader.js';

/** What is to run, as it is said before the first test (guest-images/kselftest/start.sh, guest-images/kunit/kunit.c). */
const listed = /^# kselftest: ([^\s:]+):(\S+)$/;
const listedSuite = /^# kunit: (\S.*)$/;
/** What the runner calls a test, and what subtests follow. */
const named = /^selftests: (\S+): ([^/\s]+)/;

/**
 * Reads what the kernel's run_kselftest.sh prints, and KUnit. A case is a test, `cgroup:test_cpu`, or a subtest of one,
 * `cgroup:test_cpu/test_cpucg_max`; a suite of KUnit is a test. A test that ran out of its time has failed, as the
 * runner says.
 */
export class SelftestBody implements Body {
  private readonly expected: string[] = [];
  private reader: KtapReader | undefined;

  takeLine(text: string, terminated: boolean): void {
    const name = this.reader ? undefined : nameOfListed(text);
    if (name === undefined) this.open().feed(text, { terminated });
    else this.expected.push(name);
  }

  end(): BodyResult {
    const document = this.open().end();
    return {
      ...(document.bailOut === undefined ? {} : { bailOut: document.bailOut }),
      cases: document.cases.flatMap((one) => casesOf(one, document)),
      facts: {},
      samples: [],
    };
  }

  /** The first line that names no test begins the output. */
  private open(): KtapReader {
    this.reader ??= new KtapReader({ expected: this.expected });
    return this.reader;
  }
}

/** The name that the result of a listed test will have. */
function nameOfListed(text: string): string | undefined {
  const [, suite] = listedSuite.exec(text) ?? [];
  if (suite !== undefined) return suite;
  const [, collection, test] = listed.exec(text) ?? [];
  if (collection === undefined || test === undefined) return undefined;
  return `selftests: ${collection}: ${test.split('/').at(-1) ?? ''}`;
}

function casesOf(one: KtapCase, document: KtapDocument): CaseResult[] {
  const { name, status, reason } = one;
  const isOver = status === 'ERROR' && reason?.startsWith('TIMEOUT') === true;
  const subtests = flatten({ cases: [...one.cases], noiseLines: 0, problems: document.problems });
  const why = isOver ? reason : (toldBefore(one) ?? reason);
  const whole: CaseResult = {
    name: selftestName(name),
    status: isOver ? 'FAIL' : status,
    ...(why === undefined ? {} : { reason: why }),
    metrics: [],
  };
  const reasons = reasonsOf(one.cases, [name]);
  return [
    whole,
    ...subtests.map((sub) => {
      // `# SKIP NAME`: the name is no reason.
      const said = sub.name.endsWith(`/${sub.reason}`) ? undefined : sub.reason;
      const text = said ?? reasons.get(sub.name);
      const { status: own, metrics } = sub;
      const name = selftestName(sub.name);
      return { name, status: own, ...(text === undefined ? {} : { reason: text }), metrics };
    }),
  ];
}

/** A test's name as a case has it: `cgroup:test_cpu` for `selftests: cgroup: test_cpu`. */
export const selftestName = (name: string): string => name.replace(named, '$1:$2');

/** What a test says of itself before it is skipped or fails: the runner gives its exit code only. */
function toldBefore({ status, diagnostics }: KtapCase): string | undefined {
  if (status !== 'SKIP' && status !== 'FAIL') return undefined;
  const words = status === 'SKIP' ? /skip/i : /fail|error/i;
  return diagnostics.findLast((text) => words.test(text) && !text.includes('Totals: '));
}

/** The same for subtests, by the names that `flatten` gives them. */
function reasonsOf(
  cases: readonly KtapCase[],
  path: readonly string[],
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const one of cases) {
    const own = [...path, one.name];
    const text = toldBefore(one);
    if (text !== undefined && !found.has(own.join('/'))) found.set(own.join('/'), text);
    for (const [name, reason] of reasonsOf(one.cases, own)) found.set(name, reason);
  }
  return found;
}
