import { createHash } from 'node:crypto'

/** What a row of the table `transactions` has, which follows from its number. */
export function payloadOf(number: number, bytes: number): Uint8Array {
  return createHash('shake256', { outputLength: bytes }).update(`${number}`).digest()
}

/** How many accounts there are, among which money is moved. */
export const ACCOUNTS = 500

/** From one account to another, and how much. */
export function transferOf(number: number): { from: number; to: number; amount: number } {
  const from = (number * 263) % ACCOUNTS
  return { from, to: (from + 1 + ((number * 89) % (ACCOUNTS - 1))) % ACCOUNTS, amount: 1 + (number % 100) }
}
