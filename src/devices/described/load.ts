// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { readDocument } from '../../documents/document.js';
import { findingsOf, type SchemaNode } from '../../documents/issues.js';
import { hintFor } from '../../documents/nearest.js';
import { inFileOrder, problemOf, type Finding } from '../../documents/positions.js';
import { JobError } from '../../model/errors.js';
import { schemas, type Description } from './schema.js';

const kinds = Object.keys(schemas);
const document = { noun: 'device description', keys: `kind (${kinds.join(' or ')}) and its own` };

/**
 * Reads a device's description. Throws JobError with every mistake and its place.
 * The name of the device is that of its file.
 */
export function readDescription(file: string, text: string): Description {
  const { source, data, problems } = readDocument(file, text, document);
  const kind = (data as Readonly<Record<string, unknown>>)['kind'];
  const fail = (findings: readonly Finding[]): never => {
    const all = [...problems, ...findings.map((finding) => problemOf(source, finding))];
    throw new JobError(inFileOrder(all));
  };
  if (kind !== 'ipmi' && kind !== 'ssh') return fail([kindFinding(kind)]);
  const schema = schemas[kind];
  const published = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' }) as SchemaNode;
  const parsed = schema.safeParse(data);
  if (!parsed.success) return fail(findingsOf(parsed.error.issues, data, published));
  const contradictions = contradictionsOf(parsed.data);
  if (problems.length > 0 || contradictions.length > 0) return fail(contradictions);
  return parsed.data;
}

function kindFinding(kind: unknown): Finding {
  if (kind === undefined) {
    return { path: [], message: 'missing key "kind"', hint: `it is ${kinds.join(' or ')}` };
  }
  const shown = typeof kind === 'string' ? JSON.stringify(kind) : 'this';
  const hint = typeof kind === 'string' ? hintFor(kind, kinds) : `valid: ${kinds.join(', ')}`;
  return { path: ['kind'], message: `${shown} is no kind of device`, hint };
}

/** What the schema cannot see. */
function contradictionsOf(description: Description): Finding[] {
  if (description.kind === 'ssh') {
    if (description.kexec === false || description.watch !== undefined) return [];
    return [
      {
        path: [],
        message: 'the console of another kernel cannot be seen: the key "watch" is missing',
        hint: 'watch: [PROGRAM, ARGUMENT, ...], or kexec: false to test the running kernel',
      },
    ];
  }
  const { 'password-file': file, 'password-env': variable } = description.bmc;
  if ((file === undefined) !== (variable === undefined)) return [];
  return [
    {
      path: ['bmc'],
      message:
        file === undefined
          ? 'where is the password? "password-file" or "password-env" is needed'
          : '"password-file" and "password-env" exclude each other',
    },
  ];
}
