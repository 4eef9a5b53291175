/** `npm run bench`: lb, bare node:cluster and PM2 side by side. The table goes to stdout, what goes on to stderr. */
import { readFileSync, writeFileSync } from 'node:fs';
import { Context } from './context.mjs';
import { Workspace } from './lib/workspace.mjs';
import { MEASURES, PAGE_MEASURES } from './measures/index.mjs';
import { parseOptions, USAGE } from './options.mjs';
import { describeEnvironment } from './report/environment.mjs';
import { chart, headlinesOf, headlineTable } from './report/headline.mjs';
import { howMeasured, missed, page, sideBySide, table, withBlock } from './report/markdown.mjs';
import { findOthers } from './subjects/installed.mjs';

const PAGE = new URL('../../docs/benchmarks.md', import.meta.url);
const CHART = new URL('../../docs/benchmarks.svg', import.meta.url);
const LONGEST_RUN_MS = 80 * 60_000;
const ids = MEASURES.map(({ id }) => id);
const pageIds = PAGE_MEASURES.map(({ id }) => id);
const note = (text) => process.stderr.write(`${text}\n`);

function readOptions() {
  try {
    return parseOptions(process.argv.slice(2), ids, pageIds);
  } catch (error) {
    note(error.message);
    return process.exit(2);
  }
}

const options = readOptions();
if (options.help) {
  process.stdout.write(USAGE.replace('MEASURES', ids.join(', ')).replace('PAGE', pageIds.join(', ')));
  process.exit(0);
}
if (process.platform !== 'linux') {
  note('the benchmark reads /proc and so needs Linux');
  process.exit(2);
}

const workspace = new Workspace();
let interrupted = false;

async function interrupt(reason, code) {
  if (interrupted) return;
  interrupted = true;
  note(`${reason}: ending everything`);
  await workspace.dispose();
  process.exit(code);
}

process.on('uncaughtException', (error) => {
  note(error.stack ?? String(error));
  void interrupt('failed', 1);
});
process.on('SIGINT', () => void interrupt('interrupted', 130));
process.on('SIGTERM', () => void interrupt('terminated', 143));
setTimeout(() => void interrupt(`not done after ${LONGEST_RUN_MS / 60_000} minutes`, 1), LONGEST_RUN_MS).unref();

async function run() {
  note('installing PM2 into a temporary directory');
  const others = await findOthers(workspace);
  for (const what of others.leftOut) note(`left out: ${what}`);
  const context = new Context(workspace, { lbProgram: options.lbProgram, others, scale: options.scale });
  const environment = describeEnvironment({ lbProgram: options.lbProgram, others });
  // Of the programs only those that these measures use.
  const ofPage = { ...others, nginx: null, haproxy: null, leftOut: others.leftOut.filter((what) => /^(?:PM2|Oxmgr)/.test(what)) };
  const measuredWith = describeEnvironment({ lbProgram: options.lbProgram, others: ofPage }).filter((line) => !line.startsWith('load:'));
  const rows = [];
  const blocks = [];
  const chosen = ({ id }) => options.only.includes(id);
  const ofTable = MEASURES.filter(chosen).map((each) => ({ id: each.id, take: async () => rows.push(...(await each.run(context))) }));
  const ofPages = PAGE_MEASURES.filter(chosen).map(({ id, page: name, run: measure }) => ({
    id,
    take: async () => blocks.push({ id, page: name, block: await measure(context) }),
  }));
  for (const { id, take } of [...ofTable, ...ofPages]) {
    const startedAt = performance.now();
    note(`${id} …`);
    try {
      await take();
      note(`${id}: ${Math.round((performance.now() - startedAt) / 1000)} s`);
    } catch (error) {
      // One that can't be measured does not cost the others.
      if (interrupted) throw error;
      note(`${id} failed: ${error.stack}`);
      process.exitCode = 1;
      await workspace.closeAll();
    }
  }
  return { rows, blocks, environment, measuredWith, day: new Date().toISOString().slice(0, 10) };
}

function write({ rows, blocks, environment, measuredWith, day }) {
  const headlines = headlinesOf(rows);
  const summary = headlines.length === 0 ? '' : `${headlineTable(headlines)}\n\n![The same as bars](benchmarks.svg)\n\n`;
  if (rows.length > 0) writeFileSync(PAGE, page({ rows, environment, day, summary }));
  if (headlines.length > 0) writeFileSync(CHART, chart(headlines));
  for (const { id, page: name, block } of blocks) {
    const file = new URL(`../../${name}`, import.meta.url);
    writeFileSync(file, withBlock(readFileSync(file, 'utf8'), { id, block, measuredWith, day }));
  }
}

try {
  const result = await run();
  if (options.write && process.exitCode === undefined) write(result);
  const { rows, blocks, environment } = result;
  const ofTable = rows.length === 0 ? '' : `${table(rows)}\n\n${missed(rows)}${sideBySide(rows)}${howMeasured(rows)}\n`;
  process.stdout.write(`${environment.join('\n')}\n\n${ofTable}${blocks.map(({ block }) => `${block}\n\n`).join('')}`);
} catch (error) {
  if (!interrupted) note(error.stack);
  process.exitCode = 1;
} finally {
  if (!interrupted) await workspace.dispose();
}
