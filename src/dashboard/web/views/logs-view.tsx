import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { plural } from '../../../lifecycle/wording.ts';
import type { LogLine } from '../../../protocol/control.ts';
import type { AppSnapshot } from '../../../protocol/snapshot.ts';
import { clock, plainText } from '../format.ts';
import { useLogs } from '../logs.ts';
import { hrefOf, type Route } from '../route.ts';

type LogsRoute = Extract<Route, { readonly view: 'logs' }>;

interface LogsViewProps {
  readonly apps: readonly AppSnapshot[];
  readonly route: LogsRoute;
}

/** Live logs. */
export function LogsView({ apps, route }: LogsViewProps): JSX.Element {
  const [search, setSearch] = useState('');
  const [paused, setPaused] = useState(false);
  const { lines, waiting, dropped } = useLogs(route.app, paused);
  const shown = useMemo(() => lines.filter((line) => isShown(line, route.slot, search)), [lines, route.slot, search]);
  return (
    <section class="panel logs" aria-label="Logs">
      <div class="bar">
        <Chooser apps={apps} route={route} />
        <input type="search" placeholder="Search" aria-label="Search the lines" value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
        <button type="button" aria-pressed={paused} onClick={() => setPaused(!paused)}>
          {paused ? `Resume${waiting === 0 ? '' : ` (${waiting} new)`}` : 'Pause'}
        </button>
      </div>
      {dropped === 0 ? null : <p class="note">{plural(dropped, 'line')} left out: they came faster than this page could take them.</p>}
      <Lines lines={shown} search={search} paused={paused} />
    </section>
  );
}

function isShown(line: LogLine, slot: number | null, search: string): boolean {
  return (slot === null || line.slot === slot) && (search === '' || line.text.toLowerCase().includes(search.toLowerCase()));
}

function Chooser({ apps, route: { app, slot } }: LogsViewProps): JSX.Element {
  const slots = [...new Set(apps.find(({ name }) => name === app)?.workers.map((worker) => worker.slot))].sort((a, b) => a - b);
  const go = (to: Omit<LogsRoute, 'view'>): void => void (location.hash = hrefOf({ view: 'logs', ...to }));
  return (
    <>
      <select aria-label="App" value={app ?? ''} onChange={(event) => go({ app: event.currentTarget.value || null, slot: null })}>
        <option value="">All apps</option>
        {apps.map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      {app === null ? null : (
        <select aria-label="Worker" value={slot ?? ''} onChange={({ currentTarget: { value } }) => go({ app, slot: value === '' ? null : Number(value) })}>
          <option value="">All workers</option>
          {slots.map((one) => (
            <option key={one} value={one}>
              Worker {one}
            </option>
          ))}
        </select>
      )}
    </>
  );
}

interface LinesProps {
  readonly lines: readonly (LogLine & { readonly id: number })[];
  readonly search: string;
  readonly paused: boolean;
}

/** Stays at the end while the user is there. */
function Lines({ lines, search, paused }: LinesProps): JSX.Element {
  const list = useRef<HTMLOListElement>(null);
  const atEnd = useRef(true);
  useEffect(() => {
    if (list.current !== null && atEnd.current && !paused) list.current.scrollTop = list.current.scrollHeight;
  }, [lines, paused]);
  const onScroll = ({ currentTarget: at }: { readonly currentTarget: HTMLOListElement }): void => {
    atEnd.current = at.scrollHeight - at.scrollTop - at.clientHeight < 40;
  };
  return (
    <ol ref={list} class="lines" tabIndex={0} aria-label="Lines" onScroll={onScroll}>
      {lines.length === 0 ? <li class="empty">{search === '' ? 'Nothing was written yet.' : 'No line has that in it.'}</li> : null}
      {lines.map((line) => (
        <li key={line.id} class={line.stream}>
          <time>{line.at === 0 ? '' : clock(line.at)}</time>
          <span class="source">
            <bdi>{line.app}</bdi>[{line.slot}]{line.stream === 'err' ? <abbr title="stderr"> err</abbr> : null}
          </span>
          <span class="line-text">{marked(plainText(line.text), search)}</span>
        </li>
      ))}
    </ol>
  );
}

function marked(text: string, search: string): JSX.Element | string {
  const at = search === '' ? -1 : text.toLowerCase().indexOf(search.toLowerCase());
  if (at < 0) return text;
  const end = at + search.length;
  return (
    <>
      {text.slice(0, at)}
      <mark>{text.slice(at, end)}</mark>
      {text.slice(end)}
    </>
  );
}
