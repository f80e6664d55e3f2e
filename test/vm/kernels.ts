/** The kernels of guests, oldest first, by the suites of Debian that have them. */
const suites = {
  '5.10': 'bullseye',
  '6.1': 'bookworm',
  '6.12': 'trixie',
  newest: 'sid',
} as const

export type KernelName = keyof typeof suites

export const kernelNames = Object.keys(suites) as KernelName[]

export function suiteOf(kernel: KernelName): string {
  return suites[kernel]
}

/** @throws Error naming the option */
export function kernelOf(option: string, text: string): KernelName {
  const kernel = kernelNames.find((name) => name === text)
  if (kernel) return kernel
  throw new Error(`${option} must be one of ${kernelNames.join(', ')}, not ${text}`)
}
