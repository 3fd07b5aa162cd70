// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { html, Markup, type Part } from './markup.js';
import { pageScript } from './script.js';
import { pageStyle } from './style.js';

const scriptHash = createHash('sha256').update(pageScript).digest('base64');

// Should an escape ever be forgotten, the browser still runs nothing but this script, and fetches nothing.
const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${scriptHash}'; base-uri 'none'; form-action 'none'`;

const styleElement = new Markup(`<style>${pageStyle}</style>`);
// Not in the template below: its bytes must be those of the hash.
const scriptElement = new Markup(`<script>${pageScript}</script>`);

/** A link at the top of a page. */
export interface NavLink {
  readonly href: string;
  readonly text: string;
}

/** A whole self-contained page: no network, one script that only helps reading the plots. */
export function page(
  title: string,
  header: Part,
  links: readonly NavLink[],
  main: Part,
  footer: Part,
): string {
  const items = links.map(({ href, text }) => html`<li><a href="${href}">${text}</a></li>`);
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${styleElement}
      </head>
      <body>
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
        ${scriptElement}
      </body>
    </html>`;
  return `${document.text}\n`;
}
