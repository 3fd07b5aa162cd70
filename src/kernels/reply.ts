// SPDX-License-Identifier: MIT
import type { Mail } from './mbox.js';
import { orderSeries, subjectTags } from './series-order.js';

/** The mail of a series that an answer goes to. Texts of others: whoever writes headers cleans them. */
export interface Answered {
  readonly from: string;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly subject: string;
  readonly messageId: string;
  /** Ids of the mails before it in its thread, oldest first. */
  readonly references: readonly string[];
}

/**
 * The cover letter of a series where it is there, else its first patch; undefined where nothing was sent by mail.
 * @param mails all of a mailbox; @param where names them in errors. Throws JobError as orderSeries.
 */
export function answeredMail(mails: readonly Mail[], where: string): Answered | undefined {
  const [first] = orderSeries(mails, where);
  if (first === undefined) return undefined;
  const { version, m } = subjectTags(first.subject);
  const cover = mails.find(({ subject, messageId }) => {
    const tags = subjectTags(subject);
    const ofSeries = m !== undefined && tags.n === 0 && tags.m === m && tags.version === version;
    return ofSeries && messageId !== undefined && subject.trimStart().startsWith('[');
  });
  const { from, to = [], cc = [], subject, messageId, answers } = cover ?? first;
  if (messageId === undefined) return undefined;
  return {
    from,
    to,
    cc,
    subject,
    messageId,
    references: [...new Set([...answers].reverse())].reverse(),
  };
}
