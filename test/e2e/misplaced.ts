// SPDX-License-Identifier: MIT

/** Text that lies on other text, that leaves its box where nothing scrolls, or its picture; in words. */
export const misplaced = `(() => {
  const found = [];
  const say = (what, one) => found.push(what + ': ' + (one.textContent || '').trim().slice(0, 60));
  const visible = (one) => one.getClientRects().length > 0 && !one.closest('.vh') && getComputedStyle(one).visibility === 'visible';
  for (const svg of document.querySelectorAll('figure > svg')) {
    if (!visible(svg)) continue;
    const frame = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll('text')].filter((one) => one.textContent.trim() !== '').map((one) => [one, one.getBoundingClientRect()]);
    for (const [one, box] of texts) {
      if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1) say('cut in a plot', one);
    }
    texts.forEach(([one, a], index) => texts.slice(index + 1).forEach(([other, b]) => {
      const [width, height] = [Math.min(a.right, b.right) - Math.max(a.left, b.left), Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)];
      if (width > 2 && height > 4) say('on "' + other.textContent + '"', one);
    }));
    const button = svg.parentElement.querySelector('.zoom');
    const b = button && button.getBoundingClientRect();
    for (const [one, a] of texts) {
      if (b && visible(button) && Math.min(a.right, b.right) > Math.max(a.left, b.left) + 1 && Math.min(a.bottom, b.bottom) > Math.max(a.top, b.top) + 1) say('under a button', one);
    }
  }
  const scrolls = (one) => one.closest('.wide, pre') !== null;
  for (const one of document.querySelectorAll('h1, h2, h3, h4, p, th, td, dt, dd, li, summary, a, figcaption')) {
    if (!visible(one) || scrolls(one)) continue;
    const box = one.getBoundingClientRect();
    if (box.right > document.documentElement.clientWidth + 1) say('beyond the edge', one);
    if (one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== 'visible') say('cut', one);
  }
  // A column that breaks its words: plain ones have room everywhere.
  const places = document.createRange();
  for (const one of document.querySelectorAll('td, th, dt, caption')) {
    if (!visible(one)) continue;
    const texts = document.createTreeWalker(one, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      for (const word of texts.currentNode.data.matchAll(/(?<![^\\s])[A-Za-z]{2,14}(?![^\\s,:;.])/g)) {
        places.setStart(texts.currentNode, word.index);
        places.setEnd(texts.currentNode, word.index + word[0].length);
        const lines = new Set([...places.getClientRects()].map(({ top }) => Math.round(top)));
        if (lines.size > 1) say('a broken word, "' + word[0] + '"', one);
      }
    }
  }
  return found;
})()`;
