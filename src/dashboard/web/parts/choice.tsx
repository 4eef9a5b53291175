import type { JSX } from 'preact';

interface ChoiceProps {
  readonly label: string;
  /** Title and link. */
  readonly choices: readonly (readonly [string, string])[];
  readonly chosen: string;
}

/** A choice that the URL holds. Its options are links, so reload, back and keyboard work as usual. */
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
