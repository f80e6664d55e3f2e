import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { fsTypes, type FileSystems, type FsType } from '../../src/volumes/model/ports/file-systems.ts'

/** What the suite needs of its subject's world. */
export interface FileSystemsWorld extends AsyncDisposable {
  readonly fileSystems: FileSystems
  /** A path at which there is no device. */
  readonly absentDevice: string
  /** A new blank device. */
  device(sizeBytes: bigint): Promise<string>
  /** A device that has a size, but of which nothing can be read. */
  unreadableDevice(): Promise<string>
  enlarge(device: string, sizeBytes: bigint): Promise<void>
  /** Mounts what is on the device. @returns the mount point */
  mount(device: string, type: FsType): Promise<string>
  /** How large the file system thinks that it is, less what it keeps for itself. */
  sizeOf(device: string, mountPoint: string): Promise<bigint>
}

const GIB = 1n << 30n
const blank = { type: undefined, partitionTable: undefined, uuid: undefined, unfinished: false }

const minimum: Record<FsType, bigint> = { ext4: 8n << 20n, xfs: 300n << 20n, btrfs: 256n << 20n }

/**
 * What every implementation of the FileSystems port must do.
 * @param cannotGrow types whose growth cannot be shown here, with the reason
 */
export function describeFileSystems(
  name: string,
  makeWorld: () => Promise<FileSystemsWorld>,
  cannotGrow: Partial<Record<FsType, string>> = {},
): void {
  describe(`${name} as FileSystems`, () => {
    const { signal } = new AbortController()
    let world: FileSystemsWorld
    let fileSystems: FileSystems

    beforeEach(async () => {
      world = await makeWorld()
      fileSystems = world.fileSystems
    })

    afterEach(async () => {
      await world[Symbol.asyncDispose]()
    })

    it('finds nothing on a blank device', async () => {
      const device = await world.device(GIB)
      expect(await fileSystems.probe(device, signal)).toEqual(blank)
      expect(await fileSystems.identify(device)).toBeUndefined()
    })

    it('does not treat a missing or unreadable device as blank', async () => {
      await expect(fileSystems.probe(world.absentDevice, signal)).rejects.toMatchObject({ code: 'ENOENT' })
      await expect(fileSystems.probe(await world.unreadableDevice(), signal)).rejects.toMatchObject({
        code: 'EIO',
      })
    })

    it('mounts a copy of an xfs beside its source', () => {
      expect(fileSystems.mountOptions('xfs')).toContain('nouuid')
    })

    describe.each(fsTypes)('%s', (type) => {
      it('is found after a format, and passes its check', async () => {
        const device = await world.device(GIB)
        await fileSystems.format(type, device, [], signal)
        const uuid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
        const found = await fileSystems.probe(device, signal)
        expect(found).toEqual({ ...blank, type, uuid })
        const identity = { type, uuid: found.uuid }
        expect(await fileSystems.identify(device)).toEqual(identity)
        await fileSystems.check(type, device, signal)
        await world.mount(device, type)
        expect(await fileSystems.identify(device)).toEqual(identity)
      })

      it('is made with the UUID that was chosen, where one can be', async () => {
        const uuid = '11111111-2222-4333-8444-555555555555'
        const options = fileSystems.uuidOptions(type, uuid)
        expect(options !== undefined).toBe(type !== 'btrfs')
        if (!options) return
        const device = await world.device(GIB)
        await fileSystems.format(type, device, options, signal)
        expect(await fileSystems.identify(device)).toEqual({ type, uuid })
        expect(await fileSystems.probe(device, signal)).toEqual({ ...blank, type, uuid })
      })

      it('can be created on the smallest device', async () => {
        expect(fileSystems.minimumBytes(type)).toBe(minimum[type])
        const device = await world.device(minimum[type])
        await fileSystems.format(type, device, [], signal)
        await world.mount(device, type)
      })

      it('does nothing when aborted before, and throws the reason', async () => {
        const device = await world.device(GIB)
        const aborted = AbortSignal.abort(new Error('the caller went away'))
        await expect(fileSystems.format(type, device, [], aborted)).rejects.toThrow('the caller went away')
        await expect(fileSystems.probe(device, aborted)).rejects.toThrow('the caller went away')
        expect(await fileSystems.probe(device, signal)).toEqual(blank)
      })

      const reason = cannotGrow[type]
      const whereItGrows = reason === undefined ? it : it.skip
      whereItGrows(`grows while mounted, as far as its device${reason ? ` (${reason})` : ''}`, async () => {
        const device = await world.device(GIB)
        await fileSystems.format(type, device, [], signal)
        const mountPoint = await world.mount(device, type)
        const before = await world.sizeOf(device, mountPoint)
        expect(await fileSystems.hasRoomToGrow(type, device)).toBe(false)
        await world.enlarge(device, 100n * GIB)
        expect(await fileSystems.hasRoomToGrow(type, device)).toBe(true)
        expect(await world.sizeOf(device, mountPoint)).toBe(before)
        await fileSystems.grow(type, device, mountPoint, signal)
        expect(await world.sizeOf(device, mountPoint)).toBeGreaterThan(90n * GIB)
      })

      it('has grown as far as its device after growing unmounted, or mounted as well', async () => {
        const device = await world.device(GIB)
        await fileSystems.format(type, device, [], signal)
        expect(await fileSystems.hasRoomToGrow(type, device)).toBe(false)
        await world.enlarge(device, 2n * GIB)
        expect(await fileSystems.hasRoomToGrow(type, device)).toBe(true)
        await fileSystems.check(type, device, signal)
        await fileSystems.growUnmounted(type, device, signal)
        const mountPoint = await world.mount(device, type)
        await fileSystems.grow(type, device, mountPoint, signal)
        expect(await world.sizeOf(device, mountPoint)).toBeGreaterThan((18n * GIB) / 10n)
      })

      it('needs no growth when it has the size of its device', async () => {
        const device = await world.device(GIB)
        await fileSystems.format(type, device, [], signal)
        const mountPoint = await world.mount(device, type)
        const before = await world.sizeOf(device, mountPoint)
        await fileSystems.grow(type, device, mountPoint, signal)
        expect(await world.sizeOf(device, mountPoint)).toBe(before)
      })
    })
  })
}
