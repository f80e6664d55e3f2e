/** What differs between the machines that guests are. */
interface Machine {
  readonly qemu: string
  readonly options: readonly string[]
  /** The device of the kernel's messages. */
  readonly console: string
  /** Of Node's packages. */
  readonly cpu: 'x64' | 'arm64'
}

/** By Debian's names. Every processor is emulated, because KVM is not everywhere. */
const machines = {
  amd64: {
    qemu: 'qemu-system-x86_64',
    options: ['-machine', 'pc', '-cpu', 'max'],
    console: 'ttyS0',
    cpu: 'x64',
  },
  arm64: {
    qemu: 'qemu-system-aarch64',
    // The pointer authentication of `max` is slow to emulate.
    options: ['-machine', 'virt', '-cpu', 'cortex-a72'],
    console: 'ttyAMA0',
    cpu: 'arm64',
  },
} as const satisfies Record<string, Machine>

export type Architecture = keyof typeof machines

const architectures = Object.keys(machines) as Architecture[]

export function machineOf(architecture: Architecture): Machine {
  return machines[architecture]
}

/** That of this machine, or amd64 where there are no guests of its kind. */
export function ownArchitecture(): Architecture {
  return architectures.find((name) => machines[name].cpu === process.arch) ?? 'amd64'
}

/** @throws Error naming the option */
export function architectureOf(option: string, text: string): Architecture {
  const architecture = architectures.find((name) => name === text)
  if (architecture) return architecture
  throw new Error(`${option} must be one of ${architectures.join(', ')}, not ${text}`)
}
