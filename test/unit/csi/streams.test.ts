import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { status } from '@grpc/grpc-js'
import pino from 'pino'
import { connect, type CsiClient } from '../../../src/csi/client.ts'
import type { GetMetadataAllocatedResponseInit } from '../../../src/csi/generated/csi/v1/GetMetadataAllocatedResponse.ts'
import { csi, type Csi, type Handlers } from '../../../src/csi/protocol.ts'
import { CsiServer } from '../../../src/csi/server.ts'
import { VolumeError } from '../../../src/volumes/model/errors.ts'

/** Some 40 KiB. */
const message: GetMetadataAllocatedResponseInit = {
  blockMetadataType: 'VARIABLE_LENGTH',
  blockMetadata: Array.from({ length: 5000 }, () => ({ byteOffset: 1, sizeBytes: 1 })),
}

describe('a stream', () => {
  let directory: string
  let server: CsiServer
  let client: CsiClient
  let lines: Record<string, unknown>[]
  let given: number
  let ended: Promise<unknown>
  let answer: (signal: AbortSignal) => AsyncGenerator<GetMetadataAllocatedResponseInit>

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'csi-streams-'))
    lines = []
    given = 0
    const log = pino(
      { level: 'debug' },
      { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) },
    )
    server = new CsiServer(log)
    const end = Promise.withResolvers<unknown>()
    ended = end.promise
    const handlers: Handlers<Csi['SnapshotMetadata']> = {
      async *getMetadataAllocated(_request, signal) {
        try {
          yield* answer(signal)
        } finally {
          end.resolve(signal.reason)
        }
      },
    }
    server.add(csi().SnapshotMetadata, handlers)
    const address = `unix://${join(directory, 'csi.sock')}`
    await server.listen(address)
    client = connect(address)
  })

  afterEach(async () => {
    client.close()
    await server.stop()
    await rm(directory, { recursive: true })
  })

  const call = (options = {}) => client.snapshotMetadata.getMetadataAllocated({ snapshotId: 's1' }, options)

  /** Yields as many as are read. */
  async function* endless(): AsyncGenerator<GetMetadataAllocatedResponseInit> {
    for (;;) {
      await setImmediate()
      given++
      yield message
    }
  }

  it('arrives complete and in order, with two lines in the log', async () => {
    // eslint-disable-next-line @typescript-eslint/require-await -- streams are asynchronous
    answer = async function* () {
      for (let index = 1; index <= 100; index++) yield { volumeCapacityBytes: index }
    }
    const received: string[] = []
    for await (const { volumeCapacityBytes } of call()) received.push(volumeCapacityBytes)
    expect(received).toEqual(Array.from({ length: 100 }, (_, index) => `${index + 1}`))
    expect(lines).toMatchObject([
      { method: 'GetMetadataAllocated', snapshot: 's1', msg: 'called' },
      {
        method: 'GetMetadataAllocated',
        snapshot: 's1',
        code: 'OK',
        durationMs: expect.any(Number),
        msg: 'done',
      },
    ])
  })

  it.each([0, 3])('ends with the status of an error after %i messages', async (messages) => {
    // eslint-disable-next-line @typescript-eslint/require-await -- streams are asynchronous
    answer = async function* () {
      for (let index = 0; index < messages; index++) yield message
      throw new VolumeError('out-of-range', 'starting_offset 7')
    }
    const received: object[] = []
    const all = async () => {
      for await (const message of call()) received.push(message)
    }
    await expect(all()).rejects.toMatchObject({ code: status.OUT_OF_RANGE, details: 'starting_offset 7' })
    expect(received).toHaveLength(messages)
    expect(lines.slice(1)).toMatchObject([{ code: 'OUT_OF_RANGE', msg: 'starting_offset 7' }])
  })

  it('waits for a caller that reads slowly, and goes on when it does', async () => {
    answer = endless
    await using stream = call()
    await stream.next()
    let before = -1
    while (before !== given) {
      before = given
      await setTimeout(100)
    }
    // What fits into the buffers of both sides, far from endless.
    expect(given).toBeLessThan(200)
    while (given === before) await stream.next()
  })

  it('ends the work when its reader leaves', async () => {
    answer = endless
    const stream = call()
    await stream.next()
    await stream.return(undefined)
    expect(await ended).toMatchObject({ name: 'CancelledError' })
  })

  it('ends the work of a cancelled call even without a reader', async () => {
    answer = endless
    const cancel = new AbortController()
    const stream = call({ signal: cancel.signal })
    await stream.next()
    cancel.abort()
    expect(await ended).toMatchObject({ name: 'CancelledError' })
    await expect(Array.fromAsync(stream)).rejects.toMatchObject({ code: status.CANCELLED })
  })

  it('ends the work at the deadline', async () => {
    answer = async function* (signal) {
      yield message
      await setTimeout(60_000, undefined, { signal })
    }
    const deadline = Date.now() + 200
    await expect(Array.fromAsync(call({ deadline }))).rejects.toMatchObject({
      code: status.DEADLINE_EXCEEDED,
    })
    expect(await ended).toMatchObject({ name: 'CancelledError' })
  })

  it('sends nothing when the signal has aborted before', async () => {
    answer = endless
    await expect(call({ signal: AbortSignal.abort() }).next()).rejects.toMatchObject({
      code: status.CANCELLED,
    })
    expect(given).toBe(0)
  })
})
