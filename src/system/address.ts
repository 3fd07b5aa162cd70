// SPDX-License-Identifier: MIT
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { InfraError } from '../model/errors.js';

/**
 * The address of this computer on the way to another host. Nothing is sent: the kernel looks up the route.
 * Throws InfraError of `stage`, which says what to do instead.
 */
export async function addressTowards(host: string, stage: string, todo: string): Promise<string> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  try {
    // Any port has the same route.
    socket.connect(9, host);
    await once(socket, 'connect');
    return socket.address().address;
  } catch (error) {
    throw new InfraError(stage, `no way to ${host}: ${(error as Error).message}`, todo);
  } finally {
    socket.close();
  }
}

/** Any text as one part of a URL's path, or as a value of its query; half of a character becomes U+FFFD. */
export const urlPart = (text: string): string =>
  encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\uFFFD'));
