// SPDX-License-Identifier: MIT
import type { RunResult } from '../model/result.js';
import { headlineOf } from '../verdict/headline.js';
import type { MailFacts } from './mail-facts.js';
import { renderMail } from './mail.js';
import { asciiLine } from './text.js';

interface Address {
  readonly name: string;
  readonly address: string;
}

/** What mail servers take without quoting; anything else in a header of a stranger is no address to write to. */
const plainAddress = /^[\w.+=~!#$%&'*/?^`{|}-]+@[\w.-]+$/;

function addressOf(text: string): Address | undefined {
  const [, name = '', address = text] = /^([^]*?)<([^<>]*)>$/.exec(text.trim()) ?? [];
  const plain = address.trim();
  return plainAddress.test(plain) ? { name: withoutControls(name), address: plain } : undefined;
}

const withoutControls = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();

/** Those that can be written to, each once, without `others`. */
function recipients(texts: readonly string[], others: readonly Address[]): readonly Address[] {
  const known = new Set(others.map(({ address }) => address.toLowerCase()));
  return texts.flatMap((text) => {
    const found = addressOf(text);
    const key = found?.address.toLowerCase();
    if (!found || key === undefined || known.has(key)) return [];
    known.add(key);
    return [found];
  });
}

/** Most bytes of text in an encoded word: RFC 2047 allows 75 characters. */
const wordBytes = 42;

/** Text for a header: as it is, or as encoded words (RFC 2047). */
function headerText(text: string): string {
  if (/^[ -~]*$/.test(text)) return text;
  const words: string[] = [];
  let word = '';
  for (const char of text) {
    if (Buffer.byteLength(word + char) > wordBytes) {
      words.push(word);
      word = '';
    }
    word += char;
  }
  return [...words, word]
    .map((one) => `=?UTF-8?B?${Buffer.from(one).toString('base64')}?=`)
    .join('\n ');
}

function shown({ name, address }: Address): string {
  if (name === '') return address;
  const isPlain = /^[\w .'-]*$/.test(name) || /[^ -~]/.test(name);
  return `${isPlain ? headerText(name) : `"${name.replace(/(["\\])/g, '\\$1')}"`} <${address}>`;
}

/** A header of addresses, one a line; nothing without any. */
const addressHeader = (name: string, list: readonly Address[]): readonly string[] =>
  list.length === 0 ? [] : [`${name}: ${list.map(shown).join(',\n ')}`];

const messageId = /^<[^\s<>]+>$/;

/**
 * A draft for `git send-email FILE` or a mail program: an answer to the series, to everybody who got it. Headers come from
 * mails of strangers, so nothing of them gets there that is no address, no id and no title.
 */
export function renderDraft(run: RunResult, facts: MailFacts): string {
  const { reply, tester } = facts;
  const self = addressOf(tester ?? '');
  const own = self ? [self] : [];
  const to = recipients(reply ? [reply.from] : [], own);
  const cc = recipients(reply ? [...reply.to, ...reply.cc] : [], [...own, ...to]);
  const answered = reply && messageId.test(reply.messageId) ? [reply.messageId] : [];
  const references = [...(reply?.references ?? []).filter((id) => messageId.test(id)), ...answered];
  const subject = reply ? `Re: ${title(reply.subject)}` : asciiLine(headlineOf(run));
  const headers = [
    ...(self ? [`From: ${shown(self)}`] : []),
    ...addressHeader('To', to),
    ...addressHeader('Cc', cc),
    `Subject: ${headerText(subject)}`,
    ...answered.map((id) => `In-Reply-To: ${id}`),
    ...(references.length > 0 ? [`References: ${references.join('\n ')}`] : []),
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=UTF-8',
    'Content-Transfer-Encoding: 8bit',
  ];
  return `${headers.join('\n')}\n\n${renderMail(run, facts)}`;
}

const title = (subject: string): string => withoutControls(subject).replace(/^(?:re:\s*)+/i, '');
