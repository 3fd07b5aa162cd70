// SPDX-License-Identifier: MIT
import { userInfo, hostname } from 'node:os';
import { InfraError, UsageError } from '../model/errors.js';
import { programFolders } from './environment.js';
import { exists } from './files.js';
import { run } from './processes.js';

/** How mails leave this computer. */
export type MailTransport =
  | { readonly kind: 'sendmail'; readonly program: string }
  | { readonly kind: 'smtp'; readonly url: URL };

/** A mail as text. */
export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
}

const form = 'BUSYGUEST_SMTP is smtps://USER:PASSWORD@HOST, or smtp://HOST:PORT';
const isLoopback = (host: string): boolean => ['localhost', '127.0.0.1', '[::1]'].includes(host);
/** An address without a name, in what all mail servers take. */
const plainAddress = /^[\w.+=~!#$%&'*/?^`{|}-]+@[\w.-]+$/;

/** An address that can be written to. Throws UsageError. */
export function parseAddress(option: string, text: string): string {
  if (plainAddress.test(text) && !text.startsWith('-')) return text;
  throw new UsageError(`${option} ${text}: an address is needed, such as me@example.org`);
}

/** The sender where none is named. */
export const defaultSender = (): string => `${userInfo().username}@${hostname()}`;

/**
 * The way that mails go: what $BUSYGUEST_SMTP says, or the system's sendmail. Throws UsageError, whose text has no part of
 * the variable, for it may hold a password.
 */
export async function mailTransport(smtp = process.env['BUSYGUEST_SMTP']): Promise<MailTransport> {
  if (smtp === undefined || smtp === '') return { kind: 'sendmail', program: await sendmail() };
  const url = URL.canParse(smtp) ? new URL(smtp) : undefined;
  if (url === undefined || !/^smtps?:$/.test(url.protocol) || url.hostname === '') {
    throw new UsageError(`BUSYGUEST_SMTP is no address of a mail server; ${form}`);
  }
  return { kind: 'smtp', url };
}

async function sendmail(): Promise<string> {
  const places = [...programFolders(), '/usr/sbin', '/usr/lib'].map((dir) => `${dir}/sendmail`);
  for (const place of places) if (await exists(place)) return place;
  const todo = 'install one (apt-get install msmtp-mta), or name a mail server: BUSYGUEST_SMTP';
  throw new UsageError(`--mail-to: this system has no sendmail\n  what to do: ${todo}`);
}

/** Sends a mail. Throws InfraError, whose text has no password. */
export async function sendMail(
  mail: Mail,
  transport: MailTransport,
  signal: AbortSignal,
): Promise<void> {
  const { createTransport } = await import('nodemailer');
  const message = {
    ...mail,
    to: [...mail.to],
    // Programs that answer mails do not answer these (RFC 3834).
    headers: { 'Auto-Submitted': 'auto-generated' },
  };
  if (transport.kind === 'sendmail') {
    const made = createTransport({ streamTransport: true, buffer: true, newline: 'unix' });
    const { message: bytes } = await made.sendMail(message);
    const argv = [transport.program, '-i', '-f', mail.from, '--', ...mail.to];
    await run(argv, { stage: 'mail', signal, input: bytes as Buffer, passes: 'network' });
    return;
  }
  const { url } = transport;
  const auth =
    url.username === ''
      ? {}
      : {
          auth: {
            user: decodeURIComponent(url.username),
            pass: decodeURIComponent(url.password),
          },
        };
  const secure = url.protocol === 'smtps:';
  const server = createTransport({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || (secure ? 465 : 587)),
    secure,
    // A password or a mail goes to another computer under TLS only.
    ...(secure
      ? {}
      : { requireTLS: !isLoopback(url.hostname), ignoreTLS: isLoopback(url.hostname) }),
    ...auth,
  });
  const stop = (): void => server.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await server.sendMail(message);
  } catch (error) {
    signal.throwIfAborted();
    const { code = 'no answer', response = '' } = error as { code?: string; response?: string };
    const said = response === '' ? code : `${code}: ${response.slice(0, 300)}`;
    throw new InfraError('mail', `${url.hostname} did not take it: ${said}`, form);
  } finally {
    signal.removeEventListener('abort', stop);
    server.close();
  }
}
