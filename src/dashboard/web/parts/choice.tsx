import type { JSX } from 'preact';

interface ChoiceProps {
  readonly label: string;
  /** Title and link of each. */
  readonly choices: readonly (readonly [string, string])[];
  readonly chosen: string;
}

/** One of several, kept in the URL: links, so that a reload, the way back and the keyboard work as everywhere. */
export function Choice({ label, choices, chosen }: ChoiceProps): JSX.Element {
  return (
    <nav class="choice" aria-label={label}>
      {choices.map(([title, href]) => (
        <a key={title} href={href} aria-current={title === chosen ? 'true' : undefined}>
          {title}
        </a>
      ))}
    </nav>
  );
}
