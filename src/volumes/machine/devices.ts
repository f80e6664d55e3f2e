import type { LoopDevices, LoopState } from '../model/ports.ts'

/**
 * The devices that show an image: its own, and on top of that, for the read-only users of a block volume, a
 * second one. Only devices without autoclear have one on top: their number is theirs until they are detached.
 */
export async function devicesOf(
  loops: LoopDevices,
  image: string,
): Promise<[own?: LoopState, readOnly?: LoopState]> {
  const own = await loops.find(image)
  if (!own) return []
  const readOnly = own.autoclear ? undefined : await loops.find(own.device.path)
  return readOnly ? [own, readOnly] : [own]
}
