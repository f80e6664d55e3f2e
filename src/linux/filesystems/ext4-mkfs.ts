import { deviceSizeByName } from '../loop/device-size.ts'

/**
 * Always the page's size, not 1 KiB below 512 MiB: a volume that starts small would keep small blocks as it
 * grows.
 */
export const BLOCK_BYTES = 4096n

/**
 * A new image reads as zeros, so nothing has to be zeroed, neither now nor in the background after the mount:
 * `-E` says so in all the ways there are. `-m 0` keeps no blocks back for root, whose file system this is
 * not.
 */
const zeroImage = ['nodiscard', 'lazy_itable_init=1', 'lazy_journal_init=1', 'assume_storage_prezeroed=1']

/** The arguments of mkfs.ext4, without the device. The user's options come last and win. */
export function mkfsArguments(device: string, options: readonly string[]): string[] {
  const { extended, others } = separateExtended(options)
  // Those who choose features choose for themselves whether there is a resize inode.
  const room = others.some((option) => option.startsWith('-O')) ? [] : roomToGrow(device)
  const extendedOptions = [...zeroImage, ...room, ...extended].join(',')
  return ['-q', '-m', '0', '-b', `${BLOCK_BYTES}`, '-E', extendedOptions, ...others]
}

/**
 * Room is kept for growth by this factor, and up to this size at least; at most to where block numbers end.
 */
const GROWTH_FACTOR = 16n
const LEAST_GROWN_BYTES = 1n << 40n
const MOST_GROWN_BYTES = (1n << 32n) * BLOCK_BYTES

/**
 * Room for the group descriptors of a larger file system. Within it growth changes no layout. Beyond it a
 * mounted one is converted to meta_bg, and resize2fs 1.47.0 destroys an unmounted one ("Illegal doubly
 * indirect block"): mkfs.ext4's own choice, 1,024 times the size, lets that happen to a volume of 64 MiB that
 * grows to 100 GiB. For one of 10 GiB it costs twice the time (9 ms) and six times the disk space (4 MiB).
 */
function roomToGrow(device: string): string[] {
  const size = deviceSizeByName(device)
  if (size >= MOST_GROWN_BYTES) return []
  const wanted = [size * GROWTH_FACTOR, LEAST_GROWN_BYTES].reduce((a, b) => (a > b ? a : b))
  const grown = wanted < MOST_GROWN_BYTES ? wanted : MOST_GROWN_BYTES
  return [`resize=${grown / BLOCK_BYTES}`]
}

/** mkfs.ext4 forgets a first `-E` over a second one, so the user's joins ours. It takes `-E x` and `-Ex`. */
function separateExtended(options: readonly string[]): { extended: string[]; others: string[] } {
  const extended: string[] = []
  const others: string[] = []
  for (let i = 0; i < options.length; i++) {
    const option = options[i] ?? ''
    if (!option.startsWith('-E')) others.push(option)
    else if (option.length > 2) extended.push(option.slice(2))
    else extended.push(options[++i] ?? '')
  }
  return { extended, others }
}
