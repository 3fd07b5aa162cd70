// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import type { InfraError } from '../../src/model/errors.js';
import { mailTransport, sendMail } from '../../src/system/mailer.js';
import { mailServer } from './mail-server.js';

test('mail: the password goes to the server, and into no error', async (t) => {
  const auth: string[] = [];
  const { url, mails } = await mailServer(t, {
    authOptional: false,
    onAuth({ username = '', password = '' }, _session, callback) {
      auth.push(`${username} ${password}`);
      if (password === 'p@ss') callback(null, { user: username });
      else callback(new Error('no such user'));
    },
    allowInsecureAuth: true,
  });
  const mail = { from: 'a@example.org', to: ['b@example.org'], subject: 'Ü', text: 'text\n' };
  const { signal } = new AbortController();
  const to = (login: string) => mailTransport(url.replace('//', `//${login}@`));
  await sendMail(mail, await to('me:p%40ss'), signal);
  assert.equal(mails[0]?.subject, 'Ü');
  assert.deepEqual(auth, ['me p@ss']);
  await assert.rejects(sendMail(mail, await to('me:secret'), signal), (error: InfraError) => {
    assert.match(error.report, /^mail: 127\.0\.0\.1 did not take it: EAUTH/);
    assert.doesNotMatch(error.report, /secret/);
    return true;
  });
});

test('mail: nothing goes to another computer without TLS', async () => {
  await assert.rejects(mailTransport('http://host'), /BUSYGUEST_SMTP is no address/);
  await assert.rejects(mailTransport('word'), (error: Error) => !/word/.test(error.message));
});
