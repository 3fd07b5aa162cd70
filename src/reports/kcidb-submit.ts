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
  /** How long the server may take to look at it after it has come. */
  readonly acceptMs?: number;
  /** Wait between two questions whether it has. */
  readonly pollMs?: number;
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
  /** What the server answered, without the token. */
  readonly said: string;
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

/** One request: a POST where there is a body. */
async function attempt(
  { url, token }: KcidbTarget,
  body: string | undefined,
  { signal, timeoutMs = 60_000 }: SubmitOptions,
): Promise<Attempt> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body }),
      // Elsewhere the token has no business.
      redirect: 'error',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    const said = without(token, await responseText(response, 4000));
    const shown = said.slice(0, 300);
    const text = `HTTP ${response.status}${shown === '' ? '' : `: ${shown}`}`;
    if (response.ok) return { ok: true, again: false, text, said };
    const again = response.status >= 500 || [408, 425, 429].includes(response.status);
    return { ok: false, again, text, said, ...retryAfter(response) };
  } catch (error) {
    signal?.throwIfAborted();
    return { ok: false, again: true, text: causeOf(error), said: '' };
  }
}

/** KernelCI's receiver: `{"id":"...","status":"ok","message":"..."}`. */
interface Answer {
  readonly id?: string;
  readonly status?: string;
  readonly message?: string;
}

function answerOf(text: string): Answer {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return {};
  }
  const { id, status, message } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return {
    // What else could an id be that goes into a URL.
    ...(typeof id === 'string' && /^[0-9a-z]{8,128}$/i.test(id) && { id }),
    ...(typeof status === 'string' && { status }),
    ...(typeof message === 'string' && { message: message.slice(0, 300) }),
  };
}

/**
 * Asks until the server has looked at a submission: that it has come says nothing, for it is checked later. Throws
 * InfraError where it was refused, or nobody looked at it in time.
 */
async function accepted(
  { url, token }: KcidbTarget,
  id: string,
  options: SubmitOptions,
): Promise<string> {
  const { acceptMs = 15 * 60_000, pollMs = 5_000, say, signal } = options;
  const asked = `${url.replace(/\/submit$/, '/status')}?id=${id}`;
  const target = { url: asked, ...(token === undefined ? {} : { token }) };
  const until = Date.now() + acceptMs;
  let before = '';
  for (;;) {
    const { said, text } = await attempt(target, undefined, options);
    const { status = text, message = '' } = answerOf(said);
    if (status === 'processed') return `accepted (${id})`;
    if (status === 'failed' || status === 'error') {
      const todo = `the server's operators can say what is wrong with ${id}; kcidb.json of the run is what was sent`;
      throw new InfraError('submit-kcidb', `${url} refused ${id}: ${message}`, todo);
    }
    if (status !== before) say?.(`${id}: ${status}${message === '' ? '' : ` (${message})`}`);
    before = status;
    if (Date.now() >= until) {
      throw new InfraError(
        'submit-kcidb',
        `${url} has ${id} and has not accepted it within ${Math.round(acceptMs / 1000)} s: ${status}`,
        `ask later: ${asked}`,
      );
    }
    await sleep(pollMs, undefined, signal ? { signal } : {});
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
    if (result.ok) {
      const id = answerOf(result.said).id;
      // A server that gives no id has nothing to be asked about.
      const fate = id === undefined ? result.text : await accepted(target, id, options);
      return { sent: true, attempts, text: `posted ${size} to ${target.url}: ${fate}` };
    }
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
