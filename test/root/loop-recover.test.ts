import { mkdir, open, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { execPath } from 'node:process'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { LoopControl } from '../../src/linux/loop/control.ts'
import { DeviceNodes } from '../../src/linux/loop/device-nodes.ts'
import { countDevices } from '../../src/linux/loop/inventory.ts'
import { LinuxLoopDevices } from '../../src/linux/loop/loop-devices.ts'
import { never } from '../../src/volumes/concurrency/deadlines.ts'
import type { LoopDevice } from '../../src/volumes/model/ports/loop-devices.ts'
import { describeRoot } from '../root.ts'
import { Scratch } from '../scratch.ts'
import { NODE_CAPABILITIES, only } from '../support/capabilities.ts'
import { eventually } from '../support/eventually.ts'
import { makeSparse } from '../support/images.ts'
import { containerNamespaces } from '../support/namespace.ts'
import { inAnotherNamespace, namespaces, showNode, showNodeInThread } from '../support/shown-node.ts'
import { tool } from '../tool.ts'

describeRoot('a device whose image is deleted', () => {
  let scratch: Scratch
  let control: LoopControl
  let loops: LinuxLoopDevices
  let device: LoopDevice

  beforeEach(async () => {
    scratch = await Scratch.make()
    control = await LoopControl.open()
    loops = new LinuxLoopDevices(control)
    const image = join(scratch.path, 'image')
    await makeSparse(image, 16 << 20)
    const options = { readOnly: false, autoclear: false, directIo: 'auto', sectorBytes: 512 } as const
    await using attachment = await loops.attach(image, { ...options, name: basename(scratch.path) }, never)
    device = attachment.device
    await tool('mkfs.ext4', '-q', device.path)
    await rm(image)
  })

  afterEach(async () => {
    await control[Symbol.asyncDispose]()
    await scratch[Symbol.asyncDispose]()
  })

  const isOurs = (name: string): boolean => name === basename(scratch.path)

  it('is left alone while it is mounted, and detached afterwards', async () => {
    const target = join(scratch.path, 'mnt')
    await mkdir(target)
    await tool('mount', device.path, target)
    try {
      expect(await loops.detachOrphaned(isOurs)).toMatchObject({ detached: [], remaining: [{ device }] })
    } finally {
      await tool('umount', target)
    }
    expect(await loops.detachOrphaned(isOurs)).toMatchObject({ detached: [{ device }], remaining: [] })
    expect(await loops.detachOrphaned(isOurs)).toMatchObject({ detached: [], remaining: [] })
  })

  it('is left alone while it is open, and not detached by the close', async () => {
    {
      await using _held = await open(device.path, 'r')
      expect(await loops.detachOrphaned(isOurs)).toMatchObject({
        detached: [],
        remaining: [{ device, autoclear: false }],
      })
    }
    expect(await loops.detachOrphaned(isOurs)).toMatchObject({ detached: [{ device }], remaining: [] })
  })

  it.each(namespaces)('is left alone while its device node is bind-mounted %s', async (_, within) => {
    {
      await using shown = await showNode(device.path, join(scratch.path, 'node'), within)
      const why = expect.stringContaining(shown.file)
      expect(await loops.detachOrphaned(isOurs)).toMatchObject({ detached: [], remaining: [{ device, why }] })
    }
    // Another test may just be making a mount namespace, with copies of all mounts.
    await eventually('it is detached', async () => {
      expect(await loops.detachOrphaned(isOurs)).toMatchObject({ detached: [{ device }], remaining: [] })
    })
  })

  it('is left alone while its device node is bind-mounted in the namespace of a thread', async () => {
    await using shown = await showNodeInThread(device.path, join(scratch.path, 'node'))
    const why = expect.stringContaining(shown.file)
    expect(await loops.detachOrphaned(isOurs)).toMatchObject({ detached: [], remaining: [{ device, why }] })
  })

  describe('when it is of another node', () => {
    const script = new URL('../support/recover.ts', import.meta.url).pathname

    async function recover(within: readonly string[], where = 'elsewhere'): Promise<unknown> {
      const [command, ...args] = [...within, execPath, script, basename(scratch.path), where]
      return JSON.parse(await tool(command, ...args))
    }

    it('is left alone in a container, where the mounts of that node are not visible', async () => {
      const inContainer = containerNamespaces(undefined)
      expect(await recover(inContainer)).toEqual({ detached: [], remaining: [device.path] })
      expect(await recover(inContainer, 'here')).toEqual({ detached: [device.path], remaining: [] })
    })

    it('is detached where all processes are visible, without CAP_SYS_PTRACE', async () => {
      {
        const file = join(scratch.path, 'node')
        await using _shown = await showNode(device.path, file, inAnotherNamespace)
        expect(await recover(only(NODE_CAPABILITIES))).toEqual({ detached: [], remaining: [device.path] })
      }
      // Another test may just be making a mount namespace, with copies of all mounts.
      await eventually('it is detached', async () => {
        expect(await recover(only(NODE_CAPABILITIES))).toEqual({ detached: [device.path], remaining: [] })
      })
    })

    it('is left alone where /proc hides processes', async () => {
      const hide = 'mount -t proc -o hidepid=ptraceable proc /proc && exec "$@"'
      const withoutOthers = [...inAnotherNamespace, 'sh', '-c', hide, 'sh', ...only(NODE_CAPABILITIES)]
      expect(await recover(withoutOthers)).toEqual({ detached: [], remaining: [device.path] })
    })
  })

  it('is reported, and left alone, when it cannot be read', async () => {
    const { detached, remaining, unknown } = await withoutDescriptorsFor(device, control).detachOrphaned(
      isOurs,
    )
    expect({ detached, remaining }).toEqual({ detached: [], remaining: [] })
    // Devices of other tests may be of files that cannot be read.
    expect(unknown.filter((line) => line.startsWith(`${device.path}:`))).toEqual([
      expect.stringContaining('EMFILE'),
    ])
    await loops.detachOrphaned(isOurs)
  })

  it('is counted among the devices in use', async () => {
    expect((await countDevices()).bound).toBeGreaterThan(0)
  })
})

describeRoot('an attached image', () => {
  it('does not count as detached when its device cannot be read', async () => {
    await using scratch = await Scratch.make()
    await using control = await LoopControl.open()
    const image = join(scratch.path, 'image')
    await makeSparse(image, 1 << 20)
    const options = { readOnly: false, autoclear: true, directIo: 'auto', sectorBytes: 512 } as const
    const loops = new LinuxLoopDevices(control)
    await using attachment = await loops.attach(image, { ...options, name: 'image' }, never)
    const blind = withoutDescriptorsFor(attachment.device, control)
    await expect(blind.find(image)).rejects.toMatchObject({ code: 'EMFILE' })
  })
})

/** Loop devices of a process that has no descriptor left when it reads this one. */
function withoutDescriptorsFor(device: LoopDevice, control: LoopControl): LinuxLoopDevices {
  class Nodes extends DeviceNodes {
    override loop(number: number): Promise<string> {
      if (number !== device.number) return super.loop(number)
      return Promise.reject(Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' }))
    }
  }
  return new LinuxLoopDevices(control, new Nodes())
}
