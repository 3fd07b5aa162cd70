// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { isIPv6, type AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { InfraError } from '../model/errors.js';

/**
 * Hands single files to a machine over HTTP: each under a path that nobody can guess, until it was
 * fetched whole once. There is nothing else on the server, and nothing once it is disposed of.
 */
export class ContentServer implements AsyncDisposable {
  readonly #files = new Map<string, string>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => {
      void this.#answer(request.method ?? '', request.url ?? '', response);
    });
  }

  /** Listens on an address of this computer, at a free port. Throws InfraError. */
  static async open(address: string): Promise<ContentServer> {
    const server = createServer();
    server.listen(0, address);
    await once(server, 'listening').catch((error: unknown) => {
      throw new InfraError(
        'fetch',
        (error as Error).message,
        'set fetch.listen to an address here',
      );
    });
    return new ContentServer(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The URL of a file, for a machine that sees this computer as `host`. */
  offer(file: string, host: string): string {
    const path = `/${randomBytes(16).toString('hex')}`;
    this.#files.set(path, file);
    return `http://${isIPv6(host) ? `[${host}]` : host}:${this.port}${path}`;
  }

  async #answer(method: string, path: string, response: ServerResponse): Promise<void> {
    const file = method === 'GET' ? this.#files.get(path) : undefined;
    try {
      if (file === undefined) {
        response.writeHead(404).end();
        return;
      }
      const { size } = await stat(file);
      response.writeHead(200, {
        'content-length': size,
        'content-type': 'application/octet-stream',
      });
      // Taken before it is sent: whoever has read the last byte may ask before it is known here.
      this.#files.delete(path);
      await pipeline(createReadStream(file), response);
    } catch {
      // The machine hung up, and may ask again.
      if (file !== undefined) this.#files.set(path, file);
      response.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }
}
