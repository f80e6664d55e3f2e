import { readFileSync } from 'node:fs'

/**
 * Loaded into a driver by hook.ts: its wall clock is wrong by the milliseconds in the file CLOCK, from one
 * call to the next.
 */
const file = process.env['CLOCK'] ?? ''
const now = Date.now.bind(Date)

Date.now = () => now() + Number(readFileSync(file, 'utf8'))
