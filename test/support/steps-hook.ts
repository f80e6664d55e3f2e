import { appendFileSync, existsSync, promises, readFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { setTimeout } from 'node:timers/promises'
import { LinuxImageCopier } from '../../src/linux/copy/image-copier.ts'
import { LinuxFileSystems } from '../../src/linux/filesystems/index.ts'
import { LinuxImageFiles } from '../../src/linux/image-files.ts'
import { LinuxLoopDevices } from '../../src/linux/loop/loop-devices.ts'
import { LinuxMounts } from '../../src/linux/mounts.ts'

/** Loaded into a driver before its main program (`node --import`): the other end of steps.ts. */
const file = process.env['STEPS'] ?? ''
const counts = new Map<string, number>()
let last = ''

function readOrder(): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

async function reach(name: string): Promise<void> {
  const order = readOrder()
  if (order !== last) counts.clear()
  last = order
  if (order === '') return
  const count = (counts.get(name) ?? 0) + 1
  counts.set(name, count)
  const step = `${name} ${count}`
  appendFileSync(`${file}.log`, `${step}\n`)
  if (order.startsWith(`kill ${step}\n`)) process.kill(process.pid, 'SIGKILL')
  while (order.startsWith(`hold ${step}\n`) && readOrder() === order) await setTimeout(5)
}

function watch(owner: object, what: string, ...methods: string[]): void {
  for (const method of methods) {
    const original: unknown = Reflect.get(owner, method)
    if (typeof original !== 'function') throw new Error(`${what} has no method ${method}`)
    Reflect.set(owner, method, async function (this: unknown, ...values: unknown[]): Promise<unknown> {
      await reach(`${what}.${method}`)
      return Reflect.apply(original, this, values) as unknown
    })
  }
}

watch(LinuxImageCopier.prototype, 'copier', 'copy', 'update', 'updateWithin')
watch(LinuxImageFiles.prototype, 'files', 'create', 'grow', 'allocate', 'deallocate')
watch(LinuxMounts.prototype, 'mounts', 'flush', 'freeze', 'thaw')
watch(LinuxFileSystems.prototype, 'fileSystems', 'renew')
watch(LinuxLoopDevices.prototype, 'loops', 'flush', 'setDirectIo', 'resize')
watch(promises, 'fs', 'mkdir', 'writeFile', 'rename', 'rm')
syncBuiltinESMExports()
