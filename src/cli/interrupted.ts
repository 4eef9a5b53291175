/** Ctrl-C during an operation; the message has been printed already. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Each bundle has a copy of the class. */
export const isInterrupted = (thrown: unknown): thrown is Interrupted => thrown instanceof Error && thrown.name === 'Interrupted';
