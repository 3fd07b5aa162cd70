// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from 'node:timers/promises';
import { InfraError, UsageError } from '../model/errors.js';
import { responseText } from '../system/response-text.js';

/** Where results go. The token is kept apart from the URL, so that the URL can be shown. */
export interface KcidbTarget {
  readonly url: string;
  /** Never shown. Absent: the server wants none. */
  readonly token?: string;
}

const form = 'KCIDB_REST is https://<token>@<host>/submit';

const isLoopback = (host: string): boolean => ['localhost', '127.0.0.1', '[::1]'].includes(host);

/**
 * Takes KCIDB_REST apart, in the form that KernelCI's own tools read: `https://<token>@<host>[/submit]`. Throws
 * UsageError, whose text has no part of the value: what is wrong with it may be the token.
 */
export function parseKcidbRest(value: string | undefined): KcidbTarget {
  if (value === undefined || value === '') throw new UsageError(`KCIDB_REST is not set; ${form}`);
  if (!URL.canParse(value)) throw new UsageError(`KCIDB_REST is no URL; ${form}`);
  const url = new URL(value);
  const plain = url.protocol === 'http:' && isLoopback(url.hostname);
  if (url.protocol !== 'https:' && !plain) {
    throw new UsageError(
      `KCIDB_REST must be an https: URL, or the token is there for all to read; ${form}`,
    );
  }
  let token: string;
  try {
    token = decodeURIComponent(url.username || url.password);
  } catch {
    throw new UsageError(`the token in KCIDB_REST is not percent-encoded as a URL wants; ${form}`);
  }
  // Characters that no HTTP header can have would make fetch() throw an error with the token in it.
  if (/[^\x21-\x7e]/.test(token))
    throw new UsageError(`the token in KCIDB_REST is no token; ${form}`);
  url.username = '';
  url.password = '';
  url.hash = '';
  if (!url.pathname.endsWith('/submit')) url.pathname = `${url.pathname.replace(/\/$/, '')}/submit`;
  return { url: url.href, ...(token === '' ? {} : { token }) };
}

/** How a submission goes about it; the defaults suit KernelCI's server. */
export interface SubmitOptions {
  readonly signal?: AbortSignal;
  /** Says what would be sent, and sends nothing. */
  readonly dryRun?: boolean;
  /** Waits before the second and later attempts. */
  readonly waitsMs?: readonly number[];
  readonly timeoutMs?: number;
  /** Hears of attempts that failed. */
  readonly say?: (text: string) => void;
}

/** What became of a submission. */
export interface Submission {
  readonly sent: boolean;
  readonly attempts: number;
  /** One line for the user. */
  readonly text: string;
}

interface Attempt {
  readonly ok: boolean;
  readonly again: boolean;
  readonly text: string;
  readonly retryAfterMs?: number;
}

const mostWaitMs = 5 * 60_000;

function retryAfter(response: Response): { readonly retryAfterMs?: number } {
  const seconds = Number(response.headers.get('retry-after') ?? NaN);
  return seconds >= 0 ? { retryAfterMs: Math.min(seconds * 1000, mostWaitMs) } : {};
}

/** A server may answer with what it was sent. */
function without(token: string | undefined, text: string): string {
  const plain = token === undefined ? text : text.replaceAll(token, '<token>');
  return plain.replace(/[^\P{C}]+|\s+/gu, ' ').trim();
}

// The first cause below fetch's "fetch failed" is what the user can act upon; URL and headers are in neither.
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const { code, name } = cause as { code?: unknown; name?: unknown };
  if (name === 'TimeoutError') return 'no answer in time';
  return typeof code === 'string' ? code : 'no connection';
}

async function attempt(
  { url, token }: KcidbTarget,
  body: string,
  { signal, timeoutMs = 60_000 }: SubmitOptions,
): Promise<Attempt> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body,
      // Elsewhere the token has no business.
      redirect: 'error',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    const said = without(token, await responseText(response, 4000)).slice(0, 300);
    const text = `HTTP ${response.status}${said === '' ? '' : `: ${said}`}`;
    if (response.ok) return { ok: true, again: false, text };
    const again = response.status >= 500 || [408, 425, 429].includes(response.status);
    return { ok: false, again, text, ...retryAfter(response) };
  } catch (error) {
    signal?.throwIfAborted();
    return { ok: false, again: true, text: causeOf(error) };
  }
}

/**
 * Posts a KCIDB report, again after a failure that may pass (no connection, 5xx, 429). Throws InfraError when
 * the server refuses or stays away. The token is in no text of it.
 * @param body the JSON of kcidb.json
 */
export async function submitKcidb(
  target: KcidbTarget,
  body: string,
  options: SubmitOptions = {},
): Promise<Submission> {
  const { waitsMs = [2_000, 10_000, 60_000], say, signal } = options;
  const size = `${Buffer.byteLength(body)} bytes`;
  if (options.dryRun === true) {
    const auth = target.token === undefined ? 'without a token' : 'with the token';
    return { sent: false, attempts: 0, text: `would post ${size} to ${target.url} ${auth}` };
  }
  for (let attempts = 1; ; attempts += 1) {
    const result = await attempt(target, body, options);
    if (result.ok)
      return { sent: true, attempts, text: `posted ${size} to ${target.url}: ${result.text}` };
    const waitMs = waitsMs[attempts - 1];
    if (!result.again || waitMs === undefined) {
      const todo = result.again
        ? 'the results are in kcidb.json of the run: submit it again later'
        : 'is the token right, and is the origin the one that it is for?';
      throw new InfraError('submit-kcidb', `${target.url} did not take it: ${result.text}`, todo);
    }
    const pauseMs = Math.max(waitMs, result.retryAfterMs ?? 0);
    say?.(`${target.url}: ${result.text}; again in ${Math.round(pauseMs / 1000)} s`);
    await sleep(pauseMs, undefined, signal ? { signal } : {});
  }
}
