// SPDX-License-Identifier: MIT
import { createReadStream } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import { InfraError } from '../../model/errors.js';

/** A file by its name in the URL. */
export interface ServedFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

/** Serves the given files and nothing else, by GET and HEAD. */
export class ArtefactServer implements AsyncDisposable {
  readonly url: string;

  private constructor(
    private readonly server: Server,
    host: string,
  ) {
    const { port } = server.address() as AddressInfo;
    this.url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/`;
  }

  /** Listens; port 0 takes a free one. Throws InfraError. */
  static async start(
    { host, port }: { readonly host: string; readonly port: number },
    files: readonly ServedFile[],
  ): Promise<ArtefactServer> {
    const known = new Map(files.map((file) => [`/${file.name}`, file]));
    const server = createServer((request, response) => answer(known, request, response));
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) =>
        reject(
          new InfraError(
            'publish',
            `cannot listen on ${host}:${port}: ${error.message}`,
            'an address of this machine and a free port are needed',
          ),
        ),
      );
      server.listen(port, host, resolve);
    });
    return new ArtefactServer(server, host);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Called again it has nothing to close, and says so by an error that is none.
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }
}

function answer(
  known: ReadonlyMap<string, ServedFile>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const file = known.get(request.url ?? '');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD' }).end();
  } else if (file === undefined) {
    response.writeHead(404).end();
  } else {
    response.writeHead(200, {
      'Content-Type': 'application/octet-stream',
      'Content-Length': file.bytes,
    });
    if (request.method === 'HEAD') response.end();
    // A worker that goes away is its own affair.
    else pipeline(createReadStream(file.path), response, () => {});
  }
}
