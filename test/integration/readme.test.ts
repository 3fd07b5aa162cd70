// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { folder } from './cli.js';
import { replay, transcriptsOf } from './transcripts.js';

// README's uses; what a distribution's QA does needs its packages: test/packages/readme.test.ts.
for (const [who, command] of [
  ['a maintainer with a series', 'check'],
  ['the owner of a nightly', 'run'],
] as const)
  test(`README: ${who} sees what it says`, async (context) => {
    const transcripts = await transcriptsOf(command);
    assert.ok(transcripts.length > 0, command);
    const results = await folder(context);
    for (const transcript of transcripts) await replay(transcript, results);
  });
