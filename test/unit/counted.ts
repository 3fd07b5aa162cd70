// SPDX-License-Identifier: MIT

/** The same object; `look` is called each time one of its fields is read. */
export function counted<T extends object>(object: T, look: () => void): T {
  return new Proxy(object, {
    get(target, name, receiver): unknown {
      look();
      return Reflect.get(target, name, receiver);
    },
  });
}
