// SPDX-License-Identifier: MIT
import type { Address, Email, Mailbox } from 'postal-mime';
import { JobError } from '../model/errors.js';

/** A mail, or a bare diff, that may carry a patch. */
export interface Mail {
  /** Name of the file, or `mail 3 of FILE`: for messages. */
  readonly place: string;
  /** `Name <address>`; empty for a bare diff. */
  readonly from: string;
  readonly subject: string;
  readonly messageId?: string;
  /** Message ids that it answers. */
  readonly answers: readonly string[];
  /** `Name <address>` of those it was sent to, and of those who got a copy. */
  readonly to?: readonly string[];
  readonly cc?: readonly string[];
  /** Of a commit of a repository: its id. */
  readonly commit?: string;
  /** Decoded; headers and all where nothing had to be decoded. */
  readonly text: string;
}

/** git's and mutt's way to tell the line between two mails from prose: it ends with a time and a year. */
function isFromLine(line: string): boolean {
  const [from = ''] = /^From \S/.exec(line) ?? [];
  const rest = from === '' ? '' : line.slice(from.length);
  const time = /\d\d:\d\d(?::\d\d)? /.exec(rest);
  return time !== null && /(?:19|20)\d\d/.test(rest.slice(time.index + time[0].length));
}
const plainEncodings = new Set(['', '7bit', '8bit', 'binary']);
const flowed = /;\s*format="?flowed"?/i;

/** Whether the bytes begin as a mailbox does. */
export function isMbox(bytes: Buffer): boolean {
  return isFromLine(bytes.subarray(0, 1000).toString('latin1').split('\n', 1)[0] ?? '');
}

/** The mails of a mailbox, without the lines between them, `>From ` put back to `From `. */
export function splitMbox(bytes: Buffer): Buffer[] {
  const mails: string[][] = [];
  // latin1 keeps every byte; the charset is a matter of each mail.
  for (const line of bytes.toString('latin1').split('\n')) {
    if (isFromLine(line)) mails.push([]);
    else mails.at(-1)?.push(line.replace(/^>(>*From )/, '$1'));
  }
  return mails.map((lines) => Buffer.from(lines.join('\n'), 'latin1'));
}

/** Whether a text holds a diff that `patch` can apply. */
export function hasDiff(text: string): boolean {
  return /^(?:diff --git "?a\/|--- \S.*\r?\n\+\+\+ \S)/m.test(text);
}

/**
 * Reads a mail: transfer encoding, charset and format=flowed undone, attached patches taken for
 * the text where that has none. A mail that is plain already, or a bare diff, keeps its bytes.
 */
export async function readMail(bytes: Buffer, place: string): Promise<Mail> {
  const raw = bytes.toString('utf8');
  const end = /\r?\n\r?\n/.exec(raw)?.index ?? raw.length;
  // A sender's own From_ line, as format-patch writes it, is no header.
  const head = raw.slice(0, end).replace(/^From [^\n]*\n/, '');
  if (!/^[\w-]+:/.test(head)) return { place, from: '', subject: '', answers: [], text: raw };
  // Loaded for mails only: most runs read none.
  const { default: PostalMime } = await import('postal-mime');
  const email = await PostalMime.parse(deflowed(bytes)).catch((error: unknown) => {
    // Nested thousands deep, headers of megabytes: a mail made to exhaust its reader.
    const why = (error as Error).message.slice(0, 200);
    throw new JobError([{ message: `${place}: a mail that cannot be read: ${why}` }]);
  });
  const id = email.messageId;
  return {
    place,
    from: address(email),
    subject: (email.subject ?? '').replace(/\s+/g, ' ').trim(),
    ...(id !== undefined && { messageId: id }),
    to: addresses(email.to),
    cc: addresses(email.cc),
    answers: `${email.inReplyTo ?? ''} ${email.references ?? ''}`.match(/<[^<>\s]+>/g) ?? [],
    text: isPlain(email, raw) ? raw : decoded(email),
  };
}

function address({ from }: Email): string {
  return from === undefined || from.group ? '' : named(from);
}

const named = ({ name, address }: Mailbox): string =>
  name === '' ? address : `${name} <${address}>`;

/** Those of a header, without the names of groups. */
const addresses = (list: readonly Address[] = []): string[] =>
  list.flatMap((one) => (one.group ? one.group.map(named) : [named(one)]));

const header = (email: Email, key: string): string =>
  (email.headers.find((one) => one.key === key)?.value ?? '').toLowerCase();

function isPlain(email: Email, raw: string): boolean {
  const type = header(email, 'content-type');
  const charset = /charset="?([\w-]+)/.exec(type)?.[1] ?? 'us-ascii';
  return (
    plainEncodings.has(header(email, 'content-transfer-encoding').trim()) &&
    (type === '' || type.startsWith('text/plain')) &&
    ['utf-8', 'utf8', 'us-ascii'].includes(charset) &&
    !isFlowed(email) &&
    !raw.includes('\r')
  );
}

const isFlowed = (email: Email): boolean => header(email, 'x-busyguest-flowed') !== '';

// The library joins flowed lines by the letter of RFC 3676, and an empty line of context with the next one.
function deflowed(bytes: Buffer): Buffer {
  const raw = bytes.toString('latin1');
  const end = /\r?\n\r?\n/.exec(raw)?.index ?? raw.length;
  const head = raw.slice(0, end).replace(/^From [^\n]*\n/, '');
  if (!flowed.test(head)) return Buffer.from(head + raw.slice(end), 'latin1');
  const delSp = /;\s*delsp="?yes/i.test(head) ? 'delsp' : 'yes';
  const plain = `X-Busyguest-Flowed: ${delSp}\n${head.replace(flowed, '')}`;
  return Buffer.from(plain + raw.slice(end), 'latin1');
}

function decoded(email: Email): string {
  let text = (email.text ?? '').replace(/\r\n/g, '\n');
  if (isFlowed(email)) text = unflow(text, header(email, 'x-busyguest-flowed') === 'delsp');
  if (!hasDiff(text)) {
    const patches = email.attachments
      .map(({ content }) => (typeof content === 'string' ? content : textOf(content)))
      .filter(hasDiff);
    text = [text, ...patches].join('\n');
  }
  return `From: ${address(email)}\nSubject: ${email.subject ?? ''}\n\n${text}`;
}

const textOf = (content: ArrayBuffer | Uint8Array): string =>
  new TextDecoder().decode(content).replace(/\r\n/g, '\n');

/** Joins lines as RFC 3676 says, except that a line of spaces (context in a diff) stays a line. */
function unflow(text: string, delSp: boolean): string {
  let out = '';
  let open = false;
  for (const stuffed of text.split('\n')) {
    const line = stuffed.replace(/^ /, '');
    out += open ? line : `\n${line}`;
    open = line.endsWith(' ') && line.trim() !== '' && line !== '-- ';
    if (open && delSp) out = out.slice(0, -1);
  }
  return out.slice(1);
}
