// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { isIPv6, type AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { InfraError } from '../model/errors.js';

/** Where a FileServer listens, and what its error says when it cannot. */
export interface Listen {
  /** An address of this computer. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly stage: string;
  readonly todo: string;
}

/** A file, and whether it is forgotten once somebody has it whole. */
interface Offer {
  readonly file: string;
  readonly once: boolean;
}

/** Hands the files that it is told to machines over HTTP, by GET and HEAD, and nothing else. */
export class FileServer implements AsyncDisposable {
  private readonly offers = new Map<string, Offer>();
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
    server.on('request', (request, response) => {
      void this.answer(request.method ?? '', request.url ?? '', response);
    });
  }

  /** Throws InfraError. */
  static async listen({ host, port, stage, todo }: Listen): Promise<FileServer> {
    const server = createServer();
    server.listen(port, host);
    await once(server, 'listening').catch((error: unknown) => {
      throw new InfraError(
        stage,
        `cannot listen on ${host}:${port}: ${(error as Error).message}`,
        todo,
      );
    });
    return new FileServer(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The URL under which machines that see this computer as `host` find everything. */
  urlFrom(host: string): string {
    return `http://${isIPv6(host) ? `[${host}]` : host}:${this.port}/`;
  }

  /** Gives a file under a name, to everybody, as often as asked. */
  offer(file: string, name: string): void {
    this.offers.set(`/${name}`, { file, once: false });
  }

  /** Gives a file until it was fetched whole once; returns its name, which nobody can guess. */
  offerOnce(file: string): string {
    const name = randomBytes(16).toString('hex');
    this.offers.set(`/${name}`, { file, once: true });
    return name;
  }

  private async answer(method: string, path: string, response: ServerResponse): Promise<void> {
    if (method !== 'GET' && method !== 'HEAD') {
      response.writeHead(405, { Allow: 'GET, HEAD' }).end();
      return;
    }
    const offer = this.offers.get(path);
    if (offer === undefined) {
      response.writeHead(404).end();
      return;
    }
    try {
      const { size } = await stat(offer.file);
      response.writeHead(200, {
        'Content-Type': 'application/octet-stream',
        'Content-Length': size,
      });
      if (method === 'HEAD') {
        response.end();
        return;
      }
      // Taken before it is sent: whoever has read the last byte may ask before it is known here.
      if (offer.once) this.offers.delete(path);
      await pipeline(createReadStream(offer.file), response);
    } catch {
      // The machine hung up, and may ask again.
      this.offers.set(path, offer);
      response.destroy();
    }
  }

  /** Ends every connection. Called again it does nothing. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}
