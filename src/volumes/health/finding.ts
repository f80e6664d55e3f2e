/** One thing that is wrong with a node, its pools or its volumes, for whoever operates it. */
export interface Finding {
  /**
   * With an error something does not work, or data is in danger; a warning costs a part of it, or may do so.
   */
  readonly severity: 'error' | 'warning'
  /** For programs, one word in CamelCase. */
  readonly reason: string
  /** What is wrong, and with what. */
  readonly message: string
  /** What to do about it: the command, where there is one. */
  readonly cure: string
}

/** In one line, for a log. */
export function describeFinding({ message, cure }: Finding): string {
  return `${message}: ${cure}`
}
