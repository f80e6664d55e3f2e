/** What went wrong in one line, with what went wrong while that was cleaned up. */
export function explain(error: unknown): string {
  if (error instanceof SuppressedError) return `${explain(error.suppressed)}; and ${explain(error.error)}`
  return error instanceof Error ? error.message : String(error)
}
