import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

const YES = 'yes';

interface ConfirmProps {
  readonly title: string;
  readonly verb: string;
  readonly children: ComponentChildren;
  readonly onAnswer: (yes: boolean) => void;
}

/** A confirmation dialog. Escape and the first button cancel; closing it restores the focus. */
export function Confirm({ title, verb, children, onAnswer }: ConfirmProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const close = (answer: string): void => dialog.current?.close(answer);
  return (
    <dialog ref={dialog} aria-labelledby="confirm-title" onClose={({ currentTarget }) => onAnswer(currentTarget.returnValue === YES)}>
      <h2 id="confirm-title">{title}</h2>
      <p>{children}</p>
      <div class="buttons">
        <button type="button" onClick={() => close('')} autofocus>
          Cancel
        </button>
        <button type="button" class="danger" onClick={() => close(YES)}>
          {verb}
        </button>
      </div>
    </dialog>
  );
}
