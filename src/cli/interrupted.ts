/** Ctrl-C while an operation ran; what there is to say has been said. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}
