// SPDX-License-Identifier: MIT
import { realpath, type FileHandle } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname, join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openInput } from '../system/input.js';
import { livePolicy } from '../reports/html/page.js';
import { LiveResults } from './live-results.js';

const pollMs = 1000;
const mostConnections = 256;
/** Browsers that follow the results at once; each keeps a connection. */
const mostListeners = 64;
const mostUnreadBytes = 4 * 1024 ** 2;
const slowestRequestMs = 10_000;
const hosts = ['localhost', '127.0.0.1', '[::1]'];

const plain = 'text/plain; charset=utf-8';
/** Consoles and logs may hold anything: a browser shows them, and never makes a page of them. */
const contentTypes: Readonly<Record<string, string>> = {
  '.json': 'application/json; charset=utf-8',
};

const headers = {
  // Pages of results from elsewhere may lack the policy that ours carry.
  'content-security-policy': `${livePolicy}; frame-ancestors 'none'`,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

function answer(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { ...headers, 'content-type': type });
  response.end(text);
}

/**
 * The names in a request's path; undefined where one could lead out of the folder, or is hidden.
 * @param url as in the request line
 */
export function namesOf(url: string): readonly string[] | undefined {
  const [path = ''] = url.split(/[?#]/);
  if (!path.startsWith('/')) return undefined;
  try {
    const names = path.slice(1).split('/').map(decodeURIComponent);
    const safe = names.every((name) => name !== '' && !/^\.|[/\\\0]/.test(name));
    return path === '/' ? [] : safe ? names : undefined;
  } catch {
    return undefined;
  }
}

/** Opens a regular file below `root`; links that lead out of it are as absent as what is not there. */
async function openBelow(root: string, names: readonly string[]): Promise<FileHandle | undefined> {
  try {
    const path = await realpath(join(root, ...names));
    if (!path.startsWith(root + sep)) return undefined;
    return await openInput(path);
  } catch {
    return undefined;
  }
}

/** Sends `state` to every browser that listens, when it changes; reads the results only while one does. */
class News {
  private readonly listeners = new Set<ServerResponse>();
  private timer: NodeJS.Timeout | undefined;
  private last = '';

  constructor(private readonly results: LiveResults) {}

  add(response: ServerResponse): void {
    if (this.listeners.size >= mostListeners) {
      answer(response, 503, plain, 'too many pages follow the results\n');
      return;
    }
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8' });
    response.write('retry: 1000\n\n');
    this.listeners.add(response);
    response.on('close', () => {
      this.listeners.delete(response);
      if (this.listeners.size === 0) clearTimeout(this.timer);
    });
    if (this.listeners.size === 1) this.last = '';
    else if (this.last !== '') response.write(`data: ${this.last}\n\n`);
    if (this.listeners.size === 1) void this.look();
  }

  private async look(): Promise<void> {
    // Results that cannot be read now may be readable later.
    const { state } = await this.results.snapshot().catch(() => ({ state: this.last }));
    if (state !== this.last) {
      for (const response of this.listeners) {
        // Who does not read is not written to for ever.
        if (response.writableLength > mostUnreadBytes) response.destroy();
        else response.write(`data: ${state}\n\n`);
      }
    }
    this.last = state;
    clearTimeout(this.timer);
    if (this.listeners.size > 0) this.timer = setTimeout(() => void this.look(), pollMs);
  }
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  results: LiveResults,
  root: string,
  news: News,
): Promise<void> {
  const { method, url = '', headers: asked } = request;
  const port = request.socket.localPort;
  // A foreign page can point a name of its own at 127.0.0.1, but not make the browser say another name.
  if (!hosts.some((host) => asked.host === `${host}:${port}`)) {
    answer(response, 421, plain, 'this server answers to localhost only\n');
    return;
  }
  if (method !== 'GET' && method !== 'HEAD') {
    answer(response, 405, plain, 'read only\n');
    return;
  }
  const names = namesOf(url);
  if (names === undefined) {
    answer(response, 400, plain, 'no such path\n');
    return;
  }
  const [first = 'index.html', second, third] = names;
  if (first === 'events' && second === undefined) news.add(response);
  else if (first === 'index.html' && second === undefined) {
    answer(response, 200, 'text/html; charset=utf-8', await results.indexPage());
  } else await sendFile(response, results, root, names, second === 'report.html' && !third);
}

async function sendFile(
  response: ServerResponse,
  results: LiveResults,
  root: string,
  names: readonly string[],
  isReport: boolean,
): Promise<void> {
  await using file = await openBelow(root, names);
  const type = isReport ? 'text/html; charset=utf-8' : contentTypes[extname(names.at(-1) ?? '')];
  if (file) {
    response.writeHead(200, { ...headers, 'content-type': type ?? plain });
    await pipeline(file.createReadStream({ autoClose: false }), response);
    return;
  }
  const page = isReport ? await results.runPage(names[0] ?? '') : undefined;
  if (page !== undefined) answer(response, 200, type ?? plain, page);
  else answer(response, 404, plain, 'not found\n');
}

/**
 * Serves a results folder on the loopback address, read only. Resolves when it listens; throws what listen() does.
 * @param port 0 takes any that is free
 */
export async function serveResults(dir: string, port: number): Promise<Server> {
  const root = await realpath(dir);
  const results = new LiveResults(root);
  const news = new News(results);
  const server = createServer((request, response) => {
    respond(request, response, results, root, news).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else answer(response, 500, plain, `${(error as Error).message}\n`);
    });
  });
  // Whoever holds connections open must not keep others away for ever.
  server.maxConnections = mostConnections;
  server.headersTimeout = server.requestTimeout = slowestRequestMs;
  await new Promise<void>((listening, failed) => {
    server.once('error', failed).listen(port, '127.0.0.1', listening);
  });
  return server;
}
