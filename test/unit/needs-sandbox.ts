// SPDX-License-Identifier: MIT
import { findSandbox } from '../../src/system/sandbox.js';

/** What there is here. */
export const sandbox = await findSandbox();

/** For `skip` of a test that attacks the cage: why there is none here, or false. */
export const noSandbox = 'bwrap' in sandbox ? false : `no sandbox: ${sandbox.why}`;
