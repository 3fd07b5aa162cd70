// SPDX-License-Identifier: MIT
import { createRequire } from 'node:module';
import type * as ECharts from 'echarts/core';
import type { EChartsCoreOption } from 'echarts/core';
import type { Status } from '../../model/status.js';
import { html, Markup } from './markup.js';

const require = createRequire(import.meta.url);
const { version } = require('echarts/package.json') as { version: string };
/**
 * The plotting library, loaded at the first call: pictures from the cache need none. Its one file loads in a tenth of
 * the time of its hundreds of modules.
 */
export const loadLibrary = (): typeof ECharts =>
  require('echarts/dist/echarts.common.min') as typeof ECharts;

/** Colours are CSS variables, so that one picture serves light, dark and paper. */
export const ink = {
  text: 'var(--ink)',
  faint: 'var(--faint)',
  rule: 'var(--rule)',
  quota: 'var(--quota)',
  freeze: 'var(--freeze)',
} as const;

/** Dashes of the kernels' lines: a colour alone is not enough on paper, or for everyone's eyes. */
export const dashes: readonly (readonly number[])[] = [
  [],
  [7, 3],
  [2, 2],
  [9, 3, 2, 3],
  [4, 4],
  [12, 2],
];

/** What a line's colour tells: the status of its job, or nothing where that changes along the line. */
const tones = ['fail', 'pass', 'other', 'none'] as const;

/** A style: colours of one tone for each, dashes by its place in the picture. Styles are numbers from 0. */
export const styleOf = (tone: (typeof tones)[number], place: number): number =>
  tones.indexOf(tone) * dashes.length + (place % dashes.length);

/** The style of a job's line. */
export const styleOfStatus = (status: Status, place: number): number =>
  styleOf(status === 'PASS' ? 'pass' : status === 'FAIL' ? 'fail' : 'other', place);

/** A style's place in its picture. */
export const placeOf = (style: number): number => style % dashes.length;

/** Colour of the kernel's line: a variable of the page. */
export const lineColor = (style: number): string =>
  `var(--k${style % (tones.length * dashes.length)})`;

/** Dash of the kernel's line. */
export const lineDash = (style: number): readonly number[] => dashes[style % dashes.length] ?? [];

/** A picture, and the values at the corners of its plot area, for reading values off it. */
export interface Plot {
  readonly svg: Markup;
  /** `left,top,right,bottom` in pixels, then `x0,y0,x1,y1` in values of the lower left and upper right corner. */
  readonly frame: string;
}

export interface PlotSize {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const font = { fontFamily: 'system-ui, sans-serif', fontSize: 12, color: ink.text };

/** Style shared by all axes of numbers. */
export const axisStyle = {
  axisLine: { lineStyle: { color: ink.faint } },
  axisTick: { show: false },
  axisLabel: { color: ink.text, fontSize: 12, hideOverlap: true },
  splitLine: { lineStyle: { color: ink.rule } },
  nameTextStyle: { color: ink.text, fontSize: 12 },
} as const;

// What the renderer adds for hovering, and names that differ from one call to the next.
function tidy(svg: string, id: string): string {
  return svg
    .replace(/<style\s*>[\s\S]*?<\/style>/g, '')
    .replace(/ class="zr[^"]*"/g, '')
    .replace(/ pointer-events="visible"/g, '')
    .replace(/ style="font-size:12px;font-family:system-ui, sans-serif;"/g, '')
    .replace(/zr\d+-/g, `${id}-`)
    .replace(
      /^<svg [^>]*?viewBox="([^"]*)"[^>]*>/,
      `<svg viewBox="$1" role="img" aria-labelledby="${id}-t"`,
    )
    .replace(/\n+/g, '');
}

/**
 * Draws a picture with one grid as SVG that any page can hold; the same option gives the same bytes.
 * @param id unique in the page, letters and digits
 * @param title what the picture shows, for those who cannot see it
 */
export function draw(id: string, title: string, size: PlotSize, option: EChartsCoreOption): Plot {
  const { width, height, left, right, top, bottom } = size;
  const chart = loadLibrary().init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    const grid = { left, right, top, bottom, containLabel: false };
    chart.setOption({ animation: false, textStyle: font, grid, ...option });
    const svg = tidy(chart.renderToSVGString(), id);
    const corners = [left, top, width - right, height - bottom] as const;
    const at = (x: number, y: number): readonly unknown[] =>
      [chart.convertFromPixel({ gridIndex: 0 }, [x, y])].flat();
    const values = [...at(corners[0], corners[3]), ...at(corners[2], corners[1])].map((value) =>
      Number(Number(value).toPrecision(9)),
    );
    const label = html`<title id="${id}-t">${title}</title>`.text;
    return {
      svg: new Markup(svg.replace(/^<svg [^>]*?-t"/, (head) => `${head}>${label}`)),
      frame: [...corners, ...values].join(','),
    };
  } finally {
    chart.dispose();
  }
}

/** What the pictures depend on beside their options. */
export const drawnBy = [version, draw, tidy].map(String).join('\n');
