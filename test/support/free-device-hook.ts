import { readFileSync } from 'node:fs'
import { LoopControl } from '../../src/linux/loop/control.ts'

/**
 * Loaded into a driver by hook.ts: what LOOP_CTL_GET_FREE answers is in the file FREE_DEVICE. The number of a
 * device, the name of an errno, or nothing: then the kernel is asked.
 */
const file = process.env['FREE_DEVICE'] ?? ''
// eslint-disable-next-line @typescript-eslint/unbound-method -- it is called with its object below
const { getFree } = LoopControl.prototype

LoopControl.prototype.getFree = async function (): Promise<number> {
  const answer = readFileSync(file, 'utf8')
  if (answer === '') return getFree.call(this)
  if (/^\d+$/.test(answer)) return Number(answer)
  throw Object.assign(new Error(`${answer}: LOOP_CTL_GET_FREE`), { code: answer })
}
