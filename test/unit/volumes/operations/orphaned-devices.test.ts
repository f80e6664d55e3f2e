import { beforeEach, describe, expect, it } from '@jest/globals'
import pino from 'pino'
import type { LoopState } from '../../../../src/volumes/model/ports/loop-devices.ts'
import { OrphanedDevices } from '../../../../src/volumes/operations/orphaned-devices.ts'
import { FakeLoopDevices } from '../../../fakes/loop-devices.ts'
import { RecordingObserver } from '../../../fakes/observer.ts'

const device = (number: number): LoopState => ({
  device: { number, path: `/dev/loop${number}` },
  name: `volume-${number}`,
  readOnly: false,
  autoclear: false,
  directIo: false,
  sizeBytes: 4096n,
})

const remaining = (number: number) => ({ ...device(number), why: 'is open somewhere' })

describe('OrphanedDevices', () => {
  let loops: FakeLoopDevices
  let observer: RecordingObserver
  let lines: Record<string, unknown>[]
  let orphanedDevices: OrphanedDevices

  beforeEach(() => {
    loops = new FakeLoopDevices()
    observer = new RecordingObserver()
    lines = []
    const log = pino({}, { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) })
    orphanedDevices = new OrphanedDevices(loops, 'n1', observer, log)
  })

  it('reports a detached device as a repair', async () => {
    loops.found = { detached: [device(1), device(2)], remaining: [], unknown: [] }
    await orphanedDevices.sweep()
    expect(observer.repairs).toEqual([['loop_device', 2]])
    expect(lines.map(({ volume }) => volume)).toEqual(['volume-1', 'volume-2'])
    expect(orphanedDevices.count).toBe(0)
  })

  it('counts devices while they are in use, and logs each once', async () => {
    loops.found = { detached: [], remaining: [remaining(1)], unknown: ['/dev/loop7: EIO'] }
    await orphanedDevices.sweep()
    loops.found = { detached: [], remaining: [remaining(1), remaining(2)], unknown: ['/dev/loop7: EIO'] }
    await orphanedDevices.sweep()
    expect(orphanedDevices.count).toBe(2)
    expect(lines.map(({ volume, error }) => volume ?? error)).toEqual([
      'volume-1',
      '/dev/loop7: EIO',
      'volume-2',
    ])
    loops.found = { detached: [], remaining: [], unknown: [] }
    await orphanedDevices.sweep()
    expect(orphanedDevices.count).toBe(0)
  })
})
