import { beforeEach, describe, expect, it } from '@jest/globals'
import pino from 'pino'
import { Leaks } from '../../../../src/volumes/operations/leaks.ts'
import type { LoopState } from '../../../../src/volumes/model/ports.ts'
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

const kept = (number: number) => ({ ...device(number), why: 'is open somewhere' })

describe('Leaks', () => {
  let loops: FakeLoopDevices
  let observer: RecordingObserver
  let lines: Record<string, unknown>[]
  let leaks: Leaks

  beforeEach(() => {
    loops = new FakeLoopDevices()
    observer = new RecordingObserver()
    lines = []
    const log = pino({}, { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) })
    leaks = new Leaks(loops, 'n1', observer, log)
  })

  it('tells of what is detached as of a repair', async () => {
    loops.found = { detached: [device(1), device(2)], kept: [], unknown: [] }
    await leaks.sweep()
    expect(observer.repairs).toEqual([['loop_device', 2]])
    expect(lines.map(({ volume }) => volume)).toEqual(['volume-1', 'volume-2'])
    expect(leaks.count).toBe(0)
  })

  it('counts what is in use as long as it is, and complains of each once', async () => {
    loops.found = { detached: [], kept: [kept(1)], unknown: ['/dev/loop7: EIO'] }
    await leaks.sweep()
    loops.found = { detached: [], kept: [kept(1), kept(2)], unknown: ['/dev/loop7: EIO'] }
    await leaks.sweep()
    expect(leaks.count).toBe(2)
    expect(lines.map(({ volume, error }) => volume ?? error)).toEqual([
      'volume-1',
      '/dev/loop7: EIO',
      'volume-2',
    ])
    loops.found = { detached: [], kept: [], unknown: [] }
    await leaks.sweep()
    expect(leaks.count).toBe(0)
  })
})
