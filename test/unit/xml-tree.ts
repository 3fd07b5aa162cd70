// SPDX-License-Identifier: MIT

/** An element as read back: `text` is that of the element itself. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  text: string;
}

const entities: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
};

function unescape(text: string): string {
  if (/[<]|&(?!(lt|gt|amp|quot|apos|#\d+|#x[\dA-Fa-f]+);)/.test(text)) {
    throw new Error(`bare < or & in: ${text}`);
  }
  return text.replace(/&(#x?)?(\w+);/g, (_, kind: string | undefined, body: string) =>
    kind === undefined
      ? (entities[body] ?? '')
      : String.fromCodePoint(Number.parseInt(body, kind === '#x' ? 16 : 10)),
  );
}

function attributesOf(text: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  const rest = text.replace(/\s+([\w-]+)="([^"]*)"/g, (_, name: string, value: string) => {
    if (name in attributes) throw new Error(`attribute ${name} twice`);
    attributes[name] = unescape(value);
    return '';
  });
  if (rest.trim() !== '') throw new Error(`not attributes: ${rest}`);
  return attributes;
}

const token =
  /<!\[CDATA\[(?<cdata>[\s\S]*?)\]\]>|<\/(?<close>[\w-]+)>|<(?<open>[\w-]+)(?<attributes>(?:\s+[\w-]+="[^"]*")*)\s*(?<empty>\/?)>|(?<text>[^<]+)/y;

/** Reads the XML that a report may consist of (no comments, no doctype); throws where it is not well-formed. */
export function parseXml(xml: string): XmlElement {
  const illegal = /[^\t\n\r -\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.exec(xml);
  if (illegal) throw new Error(`a character that XML 1.0 forbids at ${illegal.index}`);
  const body = xml.replace(/^<\?xml version="1.0" encoding="UTF-8"\?>\s*/, '').trimEnd();
  const root: XmlElement = { name: '', attributes: {}, children: [], text: '' };
  const stack: XmlElement[] = [root];
  token.lastIndex = 0;
  while (token.lastIndex < body.length) {
    const at = token.lastIndex;
    const groups = token.exec(body)?.groups;
    const parent = stack.at(-1);
    if (!groups || !parent) throw new Error(`not well-formed at: ${body.slice(at, at + 60)}`);
    const { cdata, close, open, attributes = '', empty, text } = groups;
    if (cdata !== undefined) parent.text += cdata;
    else if (text !== undefined) {
      if (text.includes(']]>')) throw new Error('"]]>" outside of CDATA');
      parent.text += unescape(text);
    } else if (close !== undefined) {
      if (stack.pop()?.name !== close) throw new Error(`</${close}> closes nothing`);
    } else if (open !== undefined) {
      const element = { name: open, attributes: attributesOf(attributes), children: [], text: '' };
      parent.children.push(element);
      if (empty !== '/') stack.push(element);
    }
  }
  const [document, second] = root.children;
  if (stack.length !== 1 || !document || second) throw new Error('not one closed root element');
  return document;
}
