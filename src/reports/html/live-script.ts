// SPDX-License-Identifier: MIT

/**
 * The script that only served pages have: when the server says that the results changed, it takes the new text of
 * the page, and keeps what the reader had opened and where the keyboard was.
 */
export const liveScript = `'use strict';
let latest = document.body.dataset.state;
let refreshing = false;
async function refresh() {
  if (refreshing || latest === document.body.dataset.state || document.querySelector('dialog')) return;
  refreshing = true;
  try {
    const response = await fetch(location.pathname, { cache: 'no-store' });
    if (!response.ok) return;
    const next = new DOMParser().parseFromString(await response.text(), 'text/html');
    const opened = new Set([...document.querySelectorAll('details[open] > summary')].map((one) => one.textContent));
    const focused = document.activeElement && document.activeElement.getAttribute('href');
    for (const part of ['header', 'main']) document.querySelector(part).replaceWith(next.querySelector(part));
    for (const one of document.querySelectorAll('summary')) if (opened.has(one.textContent)) one.parentElement.open = true;
    document.title = next.title;
    document.body.dataset.state = next.body.dataset.state || latest;
    prepareFigures();
    if (focused) [...document.querySelectorAll('a')].find((one) => one.getAttribute('href') === focused)?.focus({ preventScroll: true });
  } finally {
    refreshing = false;
  }
}
new EventSource('/events').addEventListener('message', (event) => { latest = event.data; refresh(); });
setInterval(refresh, 2000);
`;
