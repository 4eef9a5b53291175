import { markdownTable } from './markdown.mjs';

/**
 * What a reader takes in at once: one of the few rows at the top of the page, and a group of bars in its chart.
 * @typedef {{ title: string, better: 'more' | 'less', bars: { name: string, value: number, text: string }[] }} Headline `text`: the value, for people
 */

/** @param {readonly import('../measures/index.mjs').Row[]} rows @returns {Headline[]} */
export const headlinesOf = (rows) => rows.flatMap(({ headline }) => (headline === undefined ? [] : [headline]));

/** @param {readonly Headline[]} headlines */
export function headlineTable(headlines) {
  const names = [...new Set(headlines.flatMap(({ bars }) => bars.map(({ name }) => name)))];
  const textOf = ({ bars }, wanted) => bars.find(({ name }) => name === wanted)?.text ?? '–';
  return markdownTable(
    ['', ...names],
    headlines.map((headline) => [`${headline.title} (${headline.better} is better)`, ...names.map((name) => textOf(headline, name))]),
  );
}

const WIDTH = 760;
const LABEL = 150;
const LONGEST = 480;
const BAR = 16;
const LINE = 21;
const TITLE = 30;
const GAP = 12;
const STYLE = `text{font:13px system-ui,sans-serif;fill:#1f2328}.title{font-weight:600}.own{fill:#2f81f7}.other{fill:#9aa4af}@media(prefers-color-scheme:dark){text{fill:#e6edf3}.other{fill:#6e7681}}`;

const escapeXml = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** A chart of bars as SVG, each group in a scale of its own. @param {readonly Headline[]} headlines */
export function chart(headlines) {
  const parts = [];
  let y = 0;
  for (const { title, better, bars } of headlines) {
    y += TITLE;
    parts.push(`<text class="title" x="0" y="${y - 9}">${escapeXml(`${title} (${better} is better)`)}</text>`);
    const most = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE);
    for (const { name, value, text } of bars) {
      const length = Math.max(2, Math.round((LONGEST * value) / most));
      parts.push(`<text x="0" y="${y + BAR - 3}">${escapeXml(name)}</text>`);
      parts.push(`<rect class="${name === 'lb' ? 'own' : 'other'}" x="${LABEL}" y="${y}" width="${length}" height="${BAR}" rx="2"/>`);
      parts.push(`<text x="${LABEL + length + 8}" y="${y + BAR - 3}">${escapeXml(text)}</text>`);
      y += LINE;
    }
    y += GAP;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img" aria-label="lb compared with its peers">\n<style>${STYLE}</style>\n${parts.join('\n')}\n</svg>\n`;
}
