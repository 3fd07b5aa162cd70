// SPDX-License-Identifier: MIT
// Writes docs/job-matrix.schema.json from the schema: `npm run schema`.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { jobMatrixJsonSchema } from '../dist/src/jobs/schema.js';

const target = fileURLToPath(new URL('../docs/job-matrix.schema.json', import.meta.url));
const style = await resolveConfig(target);
const text = JSON.stringify(jobMatrixJsonSchema());
await writeFile(target, await format(text, { printWidth: 100, ...style, filepath: target }));
console.log(`wrote ${target}`);
