import koffi, { type KoffiFunc } from 'koffi'
import { endingAs } from './commands.ts'
import { stepOf, started } from './libc-steps.ts'
import { takeLongStep, takeStep } from './take-step.ts'
import { errnoOf } from './system-error.ts'

type Values = readonly unknown[]
type Native = KoffiFunc<(...values: unknown[]) => unknown>
type Callback = (error: unknown, result: unknown) => void

/** How a native call came out. */
interface Outcome {
  readonly error: unknown
  readonly result: unknown
  readonly errno: number
}

/** Makes steps of the calls of libc.ts. To be called before that is loaded. */
export function watchLibc(): void {
  const load = koffi.load.bind(koffi)
  koffi.load = (path) => {
    const library = load(path)
    const func = (name: string, result: string, parameters: string[]): Native =>
      watch(name, library.func(name, result, parameters) as Native)
    return { func } as unknown as typeof library
  }
}

function watch(name: string, fn: Native): Native {
  const watched = (...values: unknown[]): unknown => {
    const step = stepOf(name, values)
    if (!step) return fn(...values)
    return takeStep(
      step,
      () => fn(...values),
      (fault) => {
        koffi.errno(errnoOf(fault))
        return -1
      },
    )
  }
  const later = (...all: unknown[]): void => {
    const [values, callback] = [all.slice(0, -1), all.at(-1) as Callback]
    const step = stepOf(name, values)
    const work = (given: Values = values): Promise<Outcome> => outcomeOf(name, fn, given)
    const outcome = step ? takeLongStep(step, work, (fault) => failed(name, values, fault, work)) : work()
    void outcome.then(({ error, result, errno }) => {
      // It is the caller's next question.
      koffi.errno(errno)
      callback(error, result)
    })
  }
  return Object.assign(watched, { async: later, info: fn.info })
}

function outcomeOf(name: string, fn: Native, values: Values): Promise<Outcome> {
  return new Promise((resolve) => {
    fn.async(...values, (error: unknown, result: unknown) => {
      const errno = koffi.errno()
      started(name, values)
      resolve({ error, result, errno })
    })
  })
}

async function failed(
  name: string,
  values: Values,
  fault: string,
  work: (values: Values) => Promise<Outcome>,
): Promise<Outcome> {
  const instead = name === 'posix_spawnp' ? endingAs(fault, values) : undefined
  if (instead) return await work(instead)
  const errno = errnoOf(fault)
  // It returns the errno instead of setting it.
  return { error: null, result: name === 'posix_spawnp' ? errno : -1, errno }
}
