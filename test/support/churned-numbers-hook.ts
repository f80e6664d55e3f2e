import { LoopControl } from '../../src/linux/loop/control.ts'
import { hasErrno } from '../../src/volumes/model/errors.ts'

/**
 * Loaded into a process by hook.ts: LOOP_CTL_GET_FREE as on a machine where others take all free devices, and
 * remove them at any time. It names any device of FREE_NUMBERS (`20000-20095`), which it adds when needed.
 */
const [first = NaN, last = NaN] = (process.env['FREE_NUMBERS'] ?? '').split('-').map(Number)

LoopControl.prototype.getFree = async function (): Promise<number> {
  const number = first + Math.floor(Math.random() * (last - first + 1))
  try {
    return await this.add(number)
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return number
    throw error
  }
}
