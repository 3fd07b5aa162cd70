// SPDX-License-Identifier: MIT
import type { Message } from '../reports/night-mail.js';
import { defaultSender, mailTransport, sendMail } from '../system/mailer.js';
import { run } from '../system/processes.js';
import type { NightOptions } from './night-options.js';

/**
 * Gives a message to the shell command and to those who want mails. Throws InfraError where one of them did not take it.
 * @param dir folder of the run, where there is one
 * @returns true
 */
export async function notify(
  message: Message,
  { mailTo = [], mailFrom, notifyCommand }: NightOptions,
  dir: string | undefined,
  signal: AbortSignal,
): Promise<true> {
  const { subject, text } = message;
  if (mailTo.length > 0) {
    const from = mailFrom ?? defaultSender();
    await sendMail({ from, to: mailTo, subject, text }, await mailTransport(), signal);
  }
  if (notifyCommand !== undefined) {
    await run(['sh', '-c', notifyCommand], {
      stage: '--notify-command',
      passes: 'user',
      env: { BUSYGUEST_SUBJECT: subject, BUSYGUEST_RUN: dir ?? '' },
      input: text,
      signal,
    });
  }
  return true;
}
