// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { folder } from '../integration/cli.js';
import { replay, transcriptsOf } from '../integration/transcripts.js';

test("README: a distribution's QA sees what it says", async (context) => {
  const transcripts = await transcriptsOf('qualify');
  assert.ok(transcripts.length > 0);
  const results = await folder(context);
  for (const transcript of transcripts) await replay(transcript, results);
});
