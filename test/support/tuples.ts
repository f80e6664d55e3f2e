import { readFile } from 'node:fs/promises'
import { expect } from '@jest/globals'
import type { BlockMetadata } from '../../src/csi/generated/csi/v1/BlockMetadata.ts'
import { DIFFERENCE_GRANULE_BYTES } from '../../src/linux/images/differences.ts'

/** A BlockMetadata, in bytes. */
export interface Tuple {
  readonly offset: number
  readonly length: number
}

/** Of a request for metadata. */
export interface Query {
  readonly startingOffset?: number
  readonly maxResults?: number
}

/** Reads a stream to its end, and checks what must hold of any. */
export async function tuplesOf(
  stream: AsyncIterable<{ blockMetadataType: string; blockMetadata: BlockMetadata[] }>,
  { startingOffset = 0, maxResults = 0 }: Query,
): Promise<Tuple[]> {
  const tuples: Tuple[] = []
  for await (const { blockMetadataType, blockMetadata } of stream) {
    expect(blockMetadataType).toBe('VARIABLE_LENGTH')
    if (maxResults > 0) expect(blockMetadata.length).toBeLessThanOrEqual(maxResults)
    for (const { byteOffset, sizeBytes } of blockMetadata) {
      const last = tuples.at(-1)
      const tuple = { offset: Number(byteOffset), length: Number(sizeBytes) }
      expect(tuple.length).toBeGreaterThan(0)
      expect(tuple.offset + tuple.length).toBeGreaterThan(startingOffset)
      expect(tuple.offset).toBeGreaterThanOrEqual(last ? last.offset + last.length : 0)
      tuples.push(tuple)
    }
  }
  return tuples
}

/** The granules that are listed although both images have the same content there. */
export async function needless(base: string, target: string, tuples: Tuple[]): Promise<number[]> {
  const [a, b] = [await readFile(base), await readFile(target)]
  const told = tuples.flatMap(({ offset, length }) => {
    const first = Math.floor(offset / DIFFERENCE_GRANULE_BYTES)
    const last = Math.ceil((offset + length) / DIFFERENCE_GRANULE_BYTES)
    return Array.from({ length: last - first }, (_, index) => (first + index) * DIFFERENCE_GRANULE_BYTES)
  })
  return told.filter((start) => {
    const end = start + DIFFERENCE_GRANULE_BYTES
    return a.subarray(start, end).equals(b.subarray(start, end))
  })
}
