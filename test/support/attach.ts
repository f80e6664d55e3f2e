import { LoopControl } from '../../src/linux/loop/control.ts'
import { LinuxLoopDevices } from '../../src/linux/loop/loop-devices.ts'

/**
 * `node attach.ts FILE…` attaches all files at once, as one of several processes in a race, when a line comes
 * on stdin. Prints, in the order of the files, a JSON array of devices or error messages. The devices stay.
 */
await using control = await LoopControl.open()
const loops = new LinuxLoopDevices(control)
const { signal } = new AbortController()
console.log('ready')
await new Promise((resolve) => process.stdin.once('data', resolve))
const results = process.argv.slice(2).map(async (file) => {
  const options = {
    name: 'race',
    readOnly: false,
    autoclear: false,
    directIo: 'auto',
    sectorBytes: 512,
  } as const
  try {
    await using attachment = await loops.attach(file, options, signal)
    return attachment.device.path
  } catch (error) {
    return String(error)
  }
})
console.log(JSON.stringify(await Promise.all(results)))
process.stdin.destroy()
