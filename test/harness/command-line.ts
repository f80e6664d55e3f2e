import { fileURLToPath } from 'node:url'

/** Where `npm run build` puts the driver's main file. */
export const builtDriver = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

/** @throws Error naming the option */
export function positive(option: string, text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number > 0) return number
  throw new Error(`${option} must be a whole number above 0, not ${text}`)
}

/** What went wrong in one line, with what went wrong while that was cleaned up. */
export function explain(error: unknown): string {
  if (error instanceof SuppressedError) return `${explain(error.suppressed)}; and ${explain(error.error)}`
  return error instanceof Error ? error.message : String(error)
}
