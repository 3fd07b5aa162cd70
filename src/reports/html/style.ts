// SPDX-License-Identifier: MIT

/** Colours of lines by their tone (plot.ts), six each: a FAIL is red, a PASS green or blue, the rest violet; then no status. */
const light = [
  ['#b3251b', '#c2410c', '#8f1d4f', '#7a3b00', '#d1361f', '#6e1423'],
  ['#00735a', '#0b62a8', '#3b6b00', '#146c3a', '#0a5f78', '#2f5d34'],
  ['#6b3fa0', '#8a3f8f', '#4f4a8c', '#56606b', '#7a4f80', '#444c55'],
  ['#c2410c', '#0b62a8', '#00735a', '#8a3f8f', '#806000', '#4a5560'],
];
const dark = [
  ['#ff8f84', '#ff9a66', '#ff8fb8', '#f0a860', '#ff7a6b', '#ffb3ab'],
  ['#4fcfae', '#6db5f7', '#a8d45c', '#6fce94', '#5cc9e6', '#9ad29f'],
  ['#c9a3f5', '#dd9be2', '#aeb0f5', '#a5afb9', '#d3a8dc', '#b4bec8'],
  ['#ff9a66', '#6db5f7', '#4fcfae', '#dd9be2', '#dcb94a', '#b4bec8'],
];
const colours = (tones: readonly (readonly string[])[]): string =>
  tones
    .flat()
    .map((colour, style) => `--k${style}:${colour}`)
    .join(';');

/** Styles of every page: light, dark and paper; readable from 360 px on. */
export const pageStyle = `
:root{color-scheme:light dark;--paper:#fff;--ink:#1c2126;--faint:#5b6570;--rule:#d9dde2;--panel:#f5f6f8;--link:#0b56a8;
--pass:#146c3a;--fail:#b3251b;--error:#8a4b00;--miss:#6b3fa0;--skip:#56606b;
--quota:#5b6570;--freeze:#b3251b1f;${colours(light)}}
@media(prefers-color-scheme:dark){:root{--paper:#14171a;--ink:#dfe3e7;--faint:#9aa5b0;--rule:#333a41;--panel:#1d2125;--link:#7db8ff;
--pass:#6fce94;--fail:#ff8f84;--error:#f0b45c;--miss:#c9a3f5;--skip:#a5afb9;
--quota:#9aa5b0;--freeze:#ff8f8426;${colours(dark)}}}
*{box-sizing:border-box}
html{scroll-padding-top:.5rem}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
header,main,footer{max-width:76rem;margin:0 auto;padding:0 1rem}
header{padding-top:1.1rem}
h1{font-size:1.4rem;margin:0 0 .3rem}h2{font-size:1.1rem;margin:1.8rem 0 .5rem;border-bottom:1px solid var(--rule);padding-bottom:.2rem}
h3{font-size:1rem;margin:1rem 0 .3rem}h4{font-size:.9rem;margin:.9rem 0 .25rem;color:var(--faint)}
p{margin:.3rem 0}h1,h3,p,th,td,dd,summary,li{overflow-wrap:anywhere}
a{color:var(--link)}a:focus-visible,summary:focus-visible,[tabindex]:focus-visible,button:focus-visible{outline:2px solid var(--link);outline-offset:2px}
nav{margin:.6rem 0}nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1rem;margin:0;padding:0}
.faint,.sub{color:var(--faint)}.sub{font-size:.85em}
.vh{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.st{font-weight:600;white-space:nowrap}.st.pass{color:var(--pass)}.st.fail{color:var(--fail)}.st.error{color:var(--error)}.st.miss{color:var(--miss)}.st.skip{color:var(--skip)}
.wide{overflow-x:auto;max-width:100%}
table{border-collapse:collapse}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid var(--rule)}
thead th{color:var(--faint);font-weight:600;font-size:.85rem}tbody th{font-weight:500}
table.matrix th,table.matrix td{overflow-wrap:normal}.cell,.matrix td{white-space:nowrap}.matrix th,.matrix td{vertical-align:middle;padding-top:.2rem;padding-bottom:.2rem}
.cell{display:block;min-width:7.5rem;padding:.25rem .5rem;border:1px solid var(--rule);border-left:4px solid var(--skip);border-radius:3px;background:var(--panel);color:inherit;text-decoration:none;line-height:1.3}
.matrix tbody th{min-width:9.5rem}@media(min-width:60rem){.matrix tbody th{white-space:nowrap}}.matrix div>.sub{display:block;white-space:normal;overflow-wrap:break-word}.cell:hover{border-color:var(--link)}
.cell:has(.pass){border-left-color:var(--pass)}.cell:has(.fail){border-left-color:var(--fail);border-left-style:double}.cell:has(.error){border-left-color:var(--error);border-left-style:dashed}.cell:has(.miss){border-left-color:var(--miss);border-left-style:dotted}
.cell.unexpected{border-top:2px solid var(--fail);border-right:2px solid var(--fail);border-bottom:2px solid var(--fail)}.cell.unexpected .sub{color:var(--ink);font-weight:600}
details.job{border:1px solid var(--rule);border-radius:4px;margin:.4rem 0;background:var(--paper)}
summary{cursor:pointer;padding:.35rem .7rem}details[open]>summary{border-bottom:1px solid var(--rule);background:var(--panel)}
summary h3{display:inline;margin:0 .6rem 0 0;font-weight:600}
.body{padding:.2rem .8rem .7rem;scroll-margin-top:3rem}
.cases tbody th{font:13px/1.5 ui-monospace,monospace}
.m{display:inline-block;margin:0 1.1rem 0 0;font-variant-numeric:tabular-nums}.k{color:var(--faint);font-size:.85em}
pre{margin:.3rem 0;padding:.5rem .7rem;background:var(--panel);border:1px solid var(--rule);border-radius:3px;font:12.5px/1.4 ui-monospace,monospace;overflow-x:auto;max-height:30rem}
pre.command{white-space:pre-wrap;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,21rem),1fr));gap:.1rem 1.5rem;margin:0}dl div{display:flex;gap:.5rem;min-width:0}dt{color:var(--faint);flex:none;max-width:50%;overflow-wrap:anywhere}dd{margin:0;min-width:0;font:13px/1.6 ui-monospace,monospace}
.files a{margin-right:1rem}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:.5rem 1.5rem}
.small{grid-template-columns:repeat(auto-fill,minmax(min(100%,17rem),1fr))}
figure{margin:0;padding-bottom:1.7rem;position:relative;min-width:0;max-width:40rem}figure>svg{display:block;width:100%;height:auto;font:12px system-ui,sans-serif;touch-action:pan-y}
figcaption{overflow-wrap:anywhere;font-size:.85rem;color:var(--faint)}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.1rem 1.4rem;margin:.3rem 0;padding:0;font-size:.85rem}.swatch{width:28px;height:8px;vertical-align:middle;fill:none}
.plots{scroll-margin-top:.5rem;content-visibility:auto;contain-intrinsic-size:auto 24rem}
.reading{position:absolute;top:0;right:0;margin:0;padding:.15rem .5rem;background:var(--panel);border:1px solid var(--rule);border-radius:3px;font-size:.8rem;font-variant-numeric:tabular-nums;pointer-events:none;white-space:pre-line}
.zoom{position:absolute;right:0;bottom:0;font:inherit;font-size:.8rem;color:var(--link);background:var(--paper);border:1px solid var(--rule);border-radius:3px;padding:.1rem .5rem;cursor:pointer}
dialog{border:1px solid var(--rule);border-radius:4px;background:var(--paper);color:var(--ink);width:min(96vw,90rem);max-width:none;max-height:96vh}dialog figure{max-width:none}dialog .zoom{position:static}
.worse{color:var(--fail)}.better{color:var(--pass)}
footer{color:var(--faint);font-size:.85rem;margin-top:2.5rem;padding-bottom:2rem}
@media(max-width:40rem){body{font-size:16px}header,main,footer{padding-left:.7rem;padding-right:.7rem}th,td{padding:.3rem .35rem}.cell{min-width:0;padding:.2rem .3rem}.matrix .sub{font-size:.75em}.matrix .st{font-size:.8em}.matrix tbody th{min-width:0}.opt,.matrix div>.sub.opt{display:none}
table.cases,table.cases tbody,table.cases tr,table.cases th,table.cases td{display:block}table.cases thead{display:none}table.cases th,table.cases td{border:0;padding:.1rem 0}table.cases tr{border-bottom:1px solid var(--rule);padding:.3rem 0}dl div{flex-wrap:wrap;gap:0 .5rem}dt{max-width:100%}}
thead th{overflow-wrap:normal}@media(min-width:48.01rem){table.runs th,table.runs .whole{overflow-wrap:normal}}
@media(max-width:48rem){table.runs thead{display:none}table.runs,table.runs tbody,table.runs tr,table.runs th,table.runs td{display:block}table.runs th,table.runs td{border:0;padding:.1rem 0}table.runs tr{border-bottom:1px solid var(--rule);padding:.4rem 0}table.runs td::before{content:attr(data-label) ": ";color:var(--faint);font-size:.85em}}
@media print{figure{padding-bottom:0}html{font-size:12px}body{font-size:1rem}pre,dd{font-size:11px}nav,.zoom,.reading{display:none}pre{max-height:none;white-space:pre-wrap}details::details-content{content-visibility:visible;height:auto}.plots{content-visibility:visible;break-inside:avoid}}
`;
