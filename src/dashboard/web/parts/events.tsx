import type { JSX } from 'preact';
import type { LbEvent } from '../../../protocol/control.ts';
import { clock } from '../format.ts';

interface EventsProps {
  /** Newest first. */
  readonly events: readonly LbEvent[];
  readonly withApp?: boolean;
}

/** Recent events. */
export function Events({ events, withApp = false }: EventsProps): JSX.Element {
  return (
    <section class="panel events" aria-labelledby="events-title">
      <h2 id="events-title">Recent events</h2>
      {events.length === 0 ? <p class="empty">Nothing has happened yet.</p> : null}
      <ol>
        {events.map((event) => (
          <li key={event.id} class={event.severity}>
            <time dateTime={new Date(event.at).toISOString()}>{clock(event.at)}</time>
            <span class="kind">{event.kind}</span>
            <span>
              {withApp && event.app !== null ? <b>{event.app} </b> : null}
              {event.message}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
