// SPDX-License-Identifier: MIT
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { exitCode, UsageError } from '../model/errors.js';
import { serveResults } from '../pipeline/serve.js';
import { isFolder } from '../system/files.js';
import { wholeNumber } from './arguments.js';
import { exits, type Declare } from './command.js';
import { shared } from './shared-options.js';

/** How long what is being answered may take after the signal, milliseconds. */
const lastMs = 1000;

/** `busyguest serve`: the pages over HTTP, for this machine only, until Ctrl-C or SIGTERM. */
export async function serve(options: {
  readonly port: string;
  readonly results: string;
}): Promise<number> {
  const port = wholeNumber('--port', options.port, 0, 65_535);
  const { results } = options;
  if (!(await isFolder(results))) throw new UsageError(`--results ${results}: no such folder`);
  const server = await serveResults(results, port).catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'another program has it; 0 takes a free one' : message;
    throw new UsageError(`--port ${port}: ${why}`);
  });
  const { port: taken } = server.address() as AddressInfo;
  process.stdout.write(`http://127.0.0.1:${taken}/\n`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  // Whatever still holds on to something: the signal ends it.
  setTimeout(() => process.exit(exitCode.ok), lastMs).unref();
  server.closeAllConnections();
  server.close();
  return exitCode.ok;
}

/** Options and help of `busyguest serve`. */
export const declare: Declare = (command) =>
  command
    .option('--port <n>', 'port on 127.0.0.1; 0 chooses a free one', '8017')
    .addOption(shared.results)
    .addHelpText('after', '\nExample:\n  busyguest serve --port 0 --results ~/busyguest-results')
    .action(exits(serve));
