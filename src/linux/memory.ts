import { readFileSync } from 'node:fs'

/**
 * What programs have written and no disk has yet, of all file systems of the machine, in bytes: Dirty and
 * Writeback of proc_meminfo(5).
 * @param text the content of /proc/meminfo, for tests
 */
export function unwrittenBytes(text = readFileSync('/proc/meminfo', 'latin1')): bigint {
  return kibibytes(text, 'Dirty') + kibibytes(text, 'Writeback')
}

function kibibytes(text: string, name: string): bigint {
  const [, digits = '0'] = new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text) ?? []
  return BigInt(digits) << 10n
}
