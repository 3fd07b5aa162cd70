#!/usr/bin/env node
// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';

const compiled = new URL('../dist/src/main.js', import.meta.url);
if (!existsSync(compiled)) {
  process.stderr.write('busyguest: not built yet; run "npm start" (or "npm run build") first\n');
  process.exit(69);
}
// Node.js would end with 1, which blames the kernel.
const { main } = await import(compiled.href).catch((error) => {
  process.stderr.write(`busyguest: cannot be loaded: ${error.message}\n`);
  process.exit(69);
});
await main(process.argv.slice(2));
