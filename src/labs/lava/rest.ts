// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from 'node:timers/promises';
import { InfraError, InterruptedError } from '../../model/errors.js';
import { responseText } from '../../system/response-text.js';
import { Pace } from './pace.js';
import type { LavaIdentity } from './identity.js';

/** How a server is asked. */
export interface RestOptions {
  readonly signal: AbortSignal;
  /** Requests a second, over all jobs. */
  readonly perSecond?: number;
  /** How long a server may be away or overloaded, wall milliseconds. */
  readonly patienceMs?: number;
  /** The most of an answer that is read, bytes. */
  readonly mostBytes?: number;
  /** First pause after a failure, milliseconds; it doubles. */
  readonly backoffMs?: number;
  /** Told when the server is away and when it is back. */
  readonly onTrouble?: (text: string) => void;
}

/** What a server answered. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

const longestPauseMs = 30_000;
const requestMs = 60_000;
/** Pages of a list: 20,000 devices or jobs of ours, 100 a page. */
const mostPages = 200;
/** The most of an answer that is read, bytes: the log of a job can have a GB, but comes in pieces. */
const defaultMostBytes = 256 * 1024 ** 2;

/** Nothing was answered: it may have been heard. */
class NoAnswer extends Error {}

/** A LAVA server's REST interface, v0.2: requests that survive what passes. */
export class Rest {
  requests = 0;
  private readonly pace: Pace;
  private troubled = false;

  constructor(
    private readonly identity: LavaIdentity,
    private readonly options: RestOptions,
  ) {
    this.pace = new Pace(options.perSecond ?? 10);
  }

  get url(): string {
    return this.identity.url;
  }

  /**
   * Asks until there is an answer that is not "later". `empty`: statuses that mean nothing yet.
   * Throws InfraError, InterruptedError.
   */
  async get(path: string, empty: readonly number[] = []): Promise<string> {
    const answer = await this.insist(() => this.once('GET', path));
    return empty.includes(answer.status) ? '' : this.accepted(answer, path);
  }

  /**
   * Asks once; undefined: nobody knows whether it was heard (no answer, or an error of the server).
   * "Too many requests" was not heard, and is asked again.
   */
  async post(path: string, body: unknown): Promise<Answer | undefined> {
    const answer = await this.insist(async () => {
      try {
        return await this.once('POST', path, JSON.stringify(body));
      } catch (error) {
        if (error instanceof NoAnswer) return undefined;
        throw error;
      }
    }, [429]);
    return answer && answer.status < 500 ? answer : undefined;
  }

  /** All results of a list, over its pages. */
  async list<T>(path: string, one: (item: unknown) => T): Promise<T[]> {
    const items: T[] = [];
    let pages = 0;
    let next: string | undefined = path;
    while (next !== undefined) {
      if (++pages > mostPages) {
        throw new InfraError('lava', `${this.url}${path}: more than ${mostPages} pages`);
      }
      const page = parsePage(await this.get(next), next);
      items.push(...page.results.map(one));
      next = page.next === undefined ? undefined : this.ownPath(page.next);
    }
    return items;
  }

  /** The answer's text. Throws InfraError, one line, when the server refuses. */
  accepted({ status, text }: Answer, path: string): string {
    if (status >= 200 && status < 300) return text;
    const { what, todo } = refusal(status, text, this.identity.token !== undefined);
    throw new InfraError('lava', `${this.url}${path.split('?')[0] ?? ''}: ${what}`, todo);
  }

  /** A pause that Ctrl-C ends. */
  async pause(ms: number): Promise<void> {
    const { signal } = this.options;
    await sleep(ms, undefined, { signal }).catch(() => {
      throw new InterruptedError('lava: interrupted');
    });
  }

  async insist<T extends Answer | undefined>(
    ask: () => Promise<T>,
    later: readonly number[] = [429, 500, 502, 503, 504],
  ): Promise<T> {
    const { patienceMs = 600_000, backoffMs = 500 } = this.options;
    const start = Date.now();
    for (let tries = 0; ; tries++) {
      const { answer, why } = await this.attempt(ask, later);
      if (why === undefined) {
        this.tell(false, `LAVA at ${this.url} answers again`);
        return answer as T;
      }
      if (Date.now() - start >= patienceMs) {
        throw new InfraError('lava', `${this.url}: ${why} for ${patienceMs / 1000} s`);
      }
      this.tell(true, `LAVA at ${this.url}: ${why}; trying again`);
      const pauseMs = Math.min(longestPauseMs, backoffMs * 2 ** Math.min(tries, 16));
      // Clients that lost the same server must not come back at the same moment.
      await this.pause(pauseMs * (0.5 + Math.random() / 2));
    }
  }

  private async attempt<T extends Answer | undefined>(
    ask: () => Promise<T>,
    later: readonly number[],
  ): Promise<{ answer?: T; why?: string }> {
    try {
      const answer = await ask();
      if (answer === undefined || !later.includes(answer.status)) return { answer };
      return { why: `answers ${answer.status}` };
    } catch (error) {
      if (error instanceof NoAnswer) return { why: error.message };
      throw error;
    }
  }

  private async once(method: string, path: string, body?: string): Promise<Answer> {
    const { signal } = this.options;
    await this.pace.turn(signal);
    this.requests++;
    try {
      const response = await fetch(`${this.url}/api/v0.2${path}`, {
        method,
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(requestMs)]),
        headers: {
          ...(this.identity.token !== undefined && {
            Authorization: `Token ${this.identity.token}`,
          }),
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
        },
        ...(body !== undefined && { body }),
      });
      const { mostBytes = defaultMostBytes } = this.options;
      const tooLong = (): Error =>
        new InfraError('lava', `an answer of more than ${mostBytes} bytes`);
      return { status: response.status, text: await responseText(response, mostBytes, tooLong) };
    } catch (error) {
      if (signal.aborted) throw new InterruptedError('lava: interrupted');
      if (error instanceof InfraError) throw error;
      throw new NoAnswer(causeOf(error));
    }
  }

  private tell(troubled: boolean, text: string): void {
    if (this.troubled === troubled) return;
    this.troubled = troubled;
    this.options.onTrouble?.(text);
  }

  // The token goes to the server that the user named, whatever host a page's link has.
  private ownPath(link: string): string {
    if (!URL.canParse(link, this.url)) {
      throw new InfraError('lava', `${this.url}: a list's next page has no address`);
    }
    const { pathname, search } = new URL(link, this.url);
    return `${pathname.replace(/^.*\/api\/v0\.2/, '')}${search}`;
  }
}

function parsePage(text: string, path: string): { results: unknown[]; next?: string } {
  try {
    const page = JSON.parse(text) as { results?: unknown; next?: unknown };
    if (!Array.isArray(page.results)) throw new Error('no results');
    return {
      results: page.results as unknown[],
      ...(typeof page.next === 'string' && { next: page.next }),
    };
  } catch {
    throw new InfraError('lava', `${path}: not an answer of LAVA's REST interface v0.2`);
  }
}

function causeOf(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: string; message?: string } };
  if (name === 'TimeoutError') return `no answer within ${requestMs / 1000} s`;
  return `no connection (${cause?.code ?? cause?.message ?? 'unknown'})`;
}

/** What a refusal means and what to do. */
function refusal(status: number, text: string, hasToken: boolean): { what: string; todo?: string } {
  if (status === 401 || status === 403) {
    const todo = 'give a token of this server by LAVA_TOKEN or in ~/.config/lavacli.yaml';
    return { what: hasToken ? 'the token is not accepted (403)' : 'a token is needed (403)', todo };
  }
  if (status === 404) return { what: 'not found, or another user’s (404)' };
  if (status >= 300 && status < 400) return { what: `redirects (${status}): give the final URL` };
  return { what: `${messageOf(text)} (${status})` };
}

/** One line out of LAVA's error: JSON with a message, or a page of HTML. */
export function messageOf(text: string): string {
  if (/^\s*</.test(text)) return 'an error of the server, as a page';
  try {
    const found = JSON.parse(text) as { message?: unknown; detail?: unknown };
    const message = found.message ?? found.detail;
    if (typeof message === 'string') return message.replace(/\s+/g, ' ').slice(0, 300);
  } catch {
    // Plain text, then.
  }
  return text.replace(/\s+/g, ' ').trim().slice(0, 300) || 'an empty answer';
}
