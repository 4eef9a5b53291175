import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface ConfirmProps {
  readonly title: string;
  readonly verb: string;
  readonly children: ComponentChildren;
  readonly onAnswer: (yes: boolean) => void;
}

/** Asks before something that costs; Escape and the first button mean no. */
export function Confirm({ title, verb, children, onAnswer }: ConfirmProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby="confirm-title" onCancel={() => onAnswer(false)}>
      <h2 id="confirm-title">{title}</h2>
      <p>{children}</p>
      <div class="buttons">
        <button type="button" onClick={() => onAnswer(false)} autofocus>
          Cancel
        </button>
        <button type="button" class="danger" onClick={() => onAnswer(true)}>
          {verb}
        </button>
      </div>
    </dialog>
  );
}
