// SPDX-License-Identifier: MIT
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { UsageError } from '../../model/errors.js';
import { readIfThere } from '../../system/files.js';

/** Where a LAVA server is and who asks it. The token is in no error, log, argv or report. */
export interface LavaIdentity {
  /** Without a path of its interfaces, without a final slash. */
  readonly url: string;
  readonly token: string | undefined;
}

interface LavacliIdentity {
  readonly uri?: unknown;
  readonly token?: unknown;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Finds the server that `--lava` names, by its URL or by an identity of lavacli's configuration,
 * and its token: $BUSYGUEST_LAVA_TOKEN, $LAVA_TOKEN, lavacli's. Throws UsageError.
 */
export async function lavaIdentity(
  name: string,
  environment: Environment = process.env,
): Promise<LavaIdentity> {
  const known = await lavacliIdentities(environment);
  const isUrl = /^https?:\/\//.test(name);
  const named = isUrl ? undefined : known.get(name);
  if (!isUrl && typeof named?.uri !== 'string') {
    throw new UsageError(
      `--lava ${name}: neither a URL (https://lava.example.org) nor an identity of lavacli.yaml`,
    );
  }
  const url = serverUrl(isUrl ? name : String(named?.uri));
  const found = named ?? [...known.values()].find(({ uri }) => isServer(uri, url));
  const token = [
    environment['BUSYGUEST_LAVA_TOKEN'],
    environment['LAVA_TOKEN'],
    typeof found?.token === 'string' ? found.token : undefined,
  ].find((one) => one !== undefined && one !== '');
  // A header cannot carry it, and an error of fetch() would show it.
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new UsageError('the LAVA token has characters that no token has (a line feed?)');
  }
  if (token !== undefined) refusePlain(url, environment);
  return { url, token };
}

/** A token must not cross a network that anybody can listen to. */
function refusePlain(url: string, environment: Environment): void {
  const { protocol, hostname } = new URL(url);
  const isHere = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
  if (protocol === 'https:' || isHere || environment['BUSYGUEST_LAVA_PLAIN'] === '1') return;
  throw new UsageError(
    `--lava ${url}: the token would go there unencrypted: use https, or set BUSYGUEST_LAVA_PLAIN=1 if you trust the network`,
  );
}

async function lavacliIdentities(environment: Environment): Promise<Map<string, LavacliIdentity>> {
  const config = environment['XDG_CONFIG_HOME'] || join(homedir(), '.config');
  const file = join(config, 'lavacli.yaml');
  const text = await readIfThere(file);
  if (text === undefined) return new Map();
  try {
    const all = parse(text) as unknown;
    if (typeof all !== 'object' || all === null) return new Map();
    return new Map(Object.entries(all as Record<string, LavacliIdentity>));
  } catch {
    // The parser's message would show the line, and the line may be the token.
    throw new UsageError(`${file}: not YAML`);
  }
}

/** The server's URL, whichever of its interfaces was named. Throws UsageError without repeating a password. */
function serverUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new UsageError('--lava: not a URL (such as https://lava.example.org)');
  }
  // lavacli lets an identity's user and token stand in its uri.
  url.username = '';
  url.password = '';
  const path = url.pathname
    .replace(/(?<!\/)\/+$/, '')
    .replace(/\/(?:RPC2|api(?:\/v0\.\d)?)$/, '')
    .replace(/(?<!\/)\/+$/, '');
  return `${url.origin}${path}`;
}

function isServer(uri: unknown, url: string): boolean {
  return typeof uri === 'string' && URL.canParse(uri) && serverUrl(uri) === url;
}
