/** A signal that never fires, for work that must not be interrupted. */
export const never = new AbortController().signal
