import { LoopControl } from '../../src/linux/loop/control.ts'
import { LinuxLoopDevices } from '../../src/linux/loop/loop-devices.ts'

/**
 * `node recover.ts NAME here|elsewhere` recovers the devices of this name, as those of this node or of
 * another. Prints JSON with the devices that were detached, and those that were remaining.
 */
const [, , name, where] = process.argv
await using control = await LoopControl.open()
const isOurs = (other: string): boolean => other === name
const { detached, remaining } = await new LinuxLoopDevices(control).detachOrphaned(
  isOurs,
  () => where === 'here',
)
const paths = (states: typeof detached): string[] => states.map(({ device }) => device.path)
console.log(JSON.stringify({ detached: paths(detached), remaining: paths(remaining) }))
