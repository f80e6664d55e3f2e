const binary = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
const decimal = ['k', 'M', 'G', 'T', 'P', 'E']

function factorOf(suffix: string): bigint | undefined {
  if (suffix === '') return 1n
  if (binary.includes(suffix)) return 1024n ** BigInt(binary.indexOf(suffix) + 1)
  if (decimal.includes(suffix)) return 1000n ** BigInt(decimal.indexOf(suffix) + 1)
  return undefined
}

/**
 * Bytes of a quantity as Kubernetes writes it: `10Gi`, `1.5Ti`, `500M`, `4096`. Fractions of a byte are
 * rounded up.
 * @returns undefined when the text is no such quantity
 */
export function parseBytes(text: string): bigint | undefined {
  const [, whole, fraction = '', suffix = ''] = /^(\d+)(?:\.(\d{1,9}))?([A-Za-z]{0,2})$/.exec(text) ?? []
  const factor = factorOf(suffix)
  if (whole === undefined || factor === undefined) return undefined
  const scale = 10n ** BigInt(fraction.length)
  return (BigInt(whole + fraction) * factor + scale - 1n) / scale
}

/** Bytes for people, in binary units with at most two decimals: `1.5 GiB`. */
export function formatBytes(bytes: bigint): string {
  let value = Number(bytes)
  let unit = 'B'
  for (const prefix of binary) {
    if (Math.abs(value) < 1024) break
    value /= 1024
    unit = `${prefix}B`
  }
  return `${Number(value.toFixed(2))} ${unit}`
}

/** The smallest multiple of `unit` that is not less than `bytes`. */
export function roundUp(bytes: bigint, unit: bigint): bigint {
  return ((bytes + unit - 1n) / unit) * unit
}

export function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

export function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
