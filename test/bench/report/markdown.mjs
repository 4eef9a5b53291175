const escapeCell = (text) => text.replaceAll('|', '\\|');
const line = (cells) => `| ${cells.map(escapeCell).join(' | ')} |`;
/** @param {readonly string[]} header @param {readonly (readonly string[])[]} lines */
export const markdownTable = (header, lines) => [line(header), line(header.map(() => '---')), ...lines.map(line)].join('\n');
const verdict = (met) => (met === null ? '–' : met ? 'yes' : '**missed**');

/** @param {readonly import('../measures/index.mjs').Row[]} rows */
export function table(rows) {
  const header = ['measure', 'must reach', 'lb', 'node:cluster', 'PM2', 'result', 'met'];
  return markdownTable(
    header,
    rows.map((row) => [row.measure, row.target, row.lb, row.nodeCluster, row.pm2, row.result, verdict(row.met)]),
  );
}

/** The figures of everything that was measured with a row. @param {readonly import('../measures/index.mjs').Row[]} rows */
export function sideBySide(rows) {
  const tables = rows
    .filter((row) => row.details !== undefined)
    .map(({ measure, details }) => [`${measure}:`, '', markdownTable(details.header, details.lines), '', ''].join('\n'));
  return tables.join('');
}

/** The known reason for each figure that misses its target. @param {readonly import('../measures/index.mjs').Row[]} rows */
export function missed(rows) {
  const lines = rows.filter((row) => row.met === false).map((row) => `- **${row.measure}**: ${row.ifMissed ?? 'no reason is known'}.`);
  return lines.length === 0 ? '' : `Missed:\n\n${lines.join('\n')}\n\n`;
}

/** How each was measured; rows measured in the same way stand together. @param {readonly import('../measures/index.mjs').Row[]} rows */
export function howMeasured(rows) {
  const byHow = new Map();
  for (const row of rows) byHow.set(row.how, [...(byHow.get(row.how) ?? []), row]);
  return [...byHow].map(([how, same]) => `- **${same.map((row) => row.measure).join('**; **')}.** ${how}`).join('\n');
}

const markerOf = (id) => `<!-- bench ${id} -->`;

/**
 * A page with the result of one measure between its markers.
 * @param {string} text of the page
 * @param {{ id: string, block: string, measuredWith: readonly string[], day: string }} result
 * @throws Error when the page has no place for it
 */
export function withBlock(text, { id, block, measuredWith, day }) {
  const [begin, end] = [markerOf(id), '<!-- end -->'];
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`expected ${begin} and ${end} on the page`);
  return `${text.slice(0, from)}${begin}\n\n${block} Measured on ${day}: ${measuredWith.join('; ')}.\n\n${text.slice(to)}`;
}

/**
 * The page docs/benchmarks.md.
 * @param {{ rows: readonly import('../measures/index.mjs').Row[], environment: readonly string[], day: string, summary: string }} result `summary` stands at the top
 */
export function page({ rows, environment, day, summary }) {
  return `# Benchmarks

${summary}Written by \`npm run bench -- --write\` (\`test/bench\`). Everything is measured side by side in one run: \`lb\`, bare \`node:cluster\` (a script of a few lines that forks the same app, round robin), PM2 as npm installs it and, where they are installed, nginx and HAProxy in front of plain processes (\`test/bench/proxies\`). A figure that misses its target stays here with its true value. A ratio is the median of the ratios within each round, with the quartiles in parentheses, and is judged as it is printed, with two decimals. Ratios carry over to other machines, absolute figures do not.

${environment.map((item) => `- ${item}`).join('\n')}
- measured on ${day}

## Result

${table(rows)}

${missed(rows)}${sideBySide(rows)}## How each was measured

The app answers every request with its pid through \`node:http\` and handles no signal (\`test/bench/programs/app.cjs\`). "node:cluster" is \`test/bench/programs/cluster.cjs\`.

${howMeasured(rows)}

## Run it

\`\`\`sh
npm run bench                            # about half an hour
npm run bench -- --only list,recovery    # some of it
npm run bench -- --quick                 # to see that it works
\`\`\`

It needs Linux. PM2 comes from the npm registry into a temporary directory, nginx and HAProxy are used where they are installed; what is not there is left out and named. \`wrk\` makes the load where it is installed, else a generator on Node.js that takes part of the cores for itself.
`;
}
