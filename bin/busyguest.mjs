#!/usr/bin/env node
// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';

const compiled = new URL('../dist/src/main.js', import.meta.url);
if (!existsSync(compiled)) {
  process.stderr.write('busyguest: not built yet; run "npm start" (or "npm run build") first\n');
  process.exit(69);
}
// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error) => process.exit(error.code === 'EPIPE' ? 0 : 70));
const { main } = await import(compiled.href);
process.exitCode = await main(process.argv.slice(2));
