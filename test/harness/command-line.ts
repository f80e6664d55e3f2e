import { fileURLToPath } from 'node:url'
import { interruptSignal } from './interrupt.ts'
import { ensureOwnNamespace } from './own-namespace.ts'
import { explain } from './explain.ts'

/** Where `npm run build` puts the driver's main file. */
export const builtDriver = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

/** A program of this project that measures the driver. */
interface Program<Options> {
  readonly name: string
  readonly help: string
  readonly parse: (args: string[]) => Options | 'help'
  /** @returns whether all is well, or an exit code */
  readonly work: (options: Options, signal: AbortSignal) => Promise<boolean | number>
}

/** @returns the exit code: 1 when not all is well, 130 when it was interrupted */
export async function runAsRoot<Options>(
  { name, help, parse, work }: Program<Options>,
  args: string[],
): Promise<number> {
  const signal = interruptSignal()
  try {
    const options = parse(args)
    if (options === 'help') {
      console.log(help)
      return 0
    }
    if (process.getuid?.() !== 0) throw new Error('it needs root, for loop devices and mounts')
    ensureOwnNamespace()
    const outcome = await work(options, signal)
    return typeof outcome === 'number' ? outcome : outcome ? 0 : 1
  } catch (error) {
    console.error(`${name}: ${explain(error)}`)
    return signal.aborted ? 130 : 1
  }
}

/** @throws Error naming the option */
export function positive(option: string, text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number > 0) return number
  throw new Error(`${option} must be a whole number above 0, not ${text}`)
}
