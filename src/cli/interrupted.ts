/** Ctrl-C during an operation; the message has been printed already. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}
