// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { liveScript } from './live-script.js';
import { html, Markup, when, type Part } from './markup.js';
import { pageScript } from './script.js';
import { pageStyle } from './style.js';

const hashOf = (script: string): string =>
  `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
const forbidden =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

// Should an escape ever be forgotten, the browser still runs nothing but this script, and fetches nothing.
const policy = `${forbidden}; script-src ${hashOf(pageScript)}`;

/** What a page that is served may do: that, and ask its own server for news. */
export const livePolicy = `${policy} ${hashOf(liveScript)}; connect-src 'self'`;

const styleElement = new Markup(`<style>${pageStyle}</style>`);
// Not in the template below: its bytes must be those of the hash.
const scriptElement = new Markup(`<script>${pageScript}</script>`);
const liveElement = new Markup(`<script>${liveScript}</script>`);

/** A link at the top of a page. */
export interface NavLink {
  readonly href: string;
  readonly text: string;
}

/**
 * A whole self-contained page: no network, one script that only helps reading the plots.
 * @param state of the results that the page shows; a page that has one follows them through its server
 */
export function page(
  title: string,
  header: Part,
  links: readonly NavLink[],
  main: Part,
  footer: Part,
  state?: string,
): string {
  const items = links.map(({ href, text }) => html`<li><a href="${href}">${text}</a></li>`);
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta
          http-equiv="Content-Security-Policy"
          content="${new Markup(state === undefined ? policy : livePolicy)}"
        />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${styleElement}
      </head>
      <body ${when(state !== undefined, () => html`data-state="${state}"`)}>
        <header>
          ${header}
          <nav aria-label="On this page">
            <ul>
              ${items}
            </ul>
          </nav>
        </header>
        <main>${main}</main>
        <footer>${footer}</footer>
        ${scriptElement}${when(state !== undefined, () => liveElement)}
      </body>
    </html>`;
  return `${document.text}\n`;
}
