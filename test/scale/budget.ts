/** The most memory that a process has had, and what it may have. */
export interface Budget {
  readonly what: string
  readonly bytes: number
  readonly limitMiB: number
}

export function isWithin({ bytes, limitMiB }: Budget): boolean {
  return bytes <= limitMiB * 2 ** 20
}
