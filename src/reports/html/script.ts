// SPDX-License-Identifier: MIT

/**
 * The only script of a page, allowed by its hash: reads values off the plots under the pointer, enlarges them,
 * and opens the job that a link leads to in browsers that do not. Nothing is lost without it.
 */
export const pageScript = `'use strict';
const linesOf = (svg) => [...svg.querySelectorAll('path[stroke^="var(--k"]')].map((path) => ({
  style: path.getAttribute('stroke').replace(/\\D/g, ''),
  points: path.getAttribute('d').slice(1).split('L').map((pair) => pair.trim().split(/[ ,]+/).map(Number)),
}));
function reading(figure, svg, event) {
  const [left, top, right, bottom, x0, y0, x1, y1] = figure.dataset.frame.split(',').map(Number);
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  if (at.x < left || at.x > right || at.y < top || at.y > bottom) return '';
  const names = new Map(figure.dataset.names.split('\\n').map((line) => line.split(/=(.*)/s)));
  const time = x0 + (at.x - left) / (right - left) * (x1 - x0);
  const rows = linesOf(svg).filter(({ style }) => names.has(style)).map(({ style, points }) => {
    const near = points.reduce((a, b) => Math.abs(b[0] - at.x) < Math.abs(a[0] - at.x) ? b : a);
    if (Math.abs(near[0] - at.x) > 12) return '';
    const value = y0 + (bottom - near[1]) / (bottom - top) * (y1 - y0);
    return '\\n' + names.get(style) + ' ' + value.toPrecision(3) + ' s';
  });
  return rows.join('') && time.toFixed(2) + ' s' + rows.join('');
}
function watch(figure) {
  const svg = figure.querySelector('svg');
  if (!svg || !figure.dataset.names) return;
  const box = document.createElement('p');
  box.className = 'reading';
  box.hidden = true;
  figure.append(box);
  svg.addEventListener('pointermove', (event) => {
    box.textContent = reading(figure, svg, event);
    box.hidden = box.textContent === '';
  });
  svg.addEventListener('pointerleave', () => { box.hidden = true; });
}
function zoomable(svg) {
  const whole = svg.getAttribute('viewBox').split(' ').map(Number);
  let view = [...whole];
  const show = (next) => { view = next; svg.setAttribute('viewBox', view.join(' ')); };
  const scale = (factor, fx, fy) => {
    const width = Math.min(whole[2], view[2] * factor);
    const ratio = width / view[2];
    const clamp = (value, size, all) => Math.max(0, Math.min(all - size, value));
    const height = view[3] * ratio;
    show([clamp(view[0] + (view[2] - width) * fx, width, whole[2]), clamp(view[1] + (view[3] - height) * fy, height, whole[3]), width, height]);
  };
  svg.addEventListener('wheel', (event) => {
    event.preventDefault();
    const box = svg.getBoundingClientRect();
    scale(event.deltaY < 0 ? 0.8 : 1.25, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  }, { passive: false });
  svg.addEventListener('dblclick', () => show([...whole]));
  return scale;
}
function enlarge(figure) {
  const dialog = document.createElement('dialog');
  const copy = figure.cloneNode(true);
  copy.querySelectorAll('.reading,.zoom').forEach((old) => old.remove());
  const scale = zoomable(copy.querySelector('svg'));
  dialog.setAttribute('aria-label', figure.querySelector('figcaption').textContent);
  dialog.append(copy);
  for (const [text, act] of [['zoom in', () => scale(0.7, 0.5, 0.5)], ['zoom out', () => scale(1.43, 0.5, 0.5)], ['close', () => dialog.close()]]) {
    const button = document.createElement('button');
    button.className = 'zoom';
    button.textContent = text;
    button.addEventListener('click', act);
    dialog.append(button);
  }
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  watch(copy);
  dialog.showModal();
}
function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const details = target && target.closest('details');
  if (!details) return;
  details.open = true;
  details.scrollIntoView();
}
function prepareFigures() { document.querySelectorAll('figure[data-frame]').forEach((figure) => {
  const button = document.createElement('button');
  button.className = 'zoom';
  button.textContent = 'enlarge';
  button.setAttribute('aria-label', 'enlarge plot: ' + figure.querySelector('title').textContent);
  button.addEventListener('click', () => enlarge(figure));
  figure.append(button);
  watch(figure);
}); }
prepareFigures();
addEventListener('hashchange', openTarget);
openTarget();
`;
