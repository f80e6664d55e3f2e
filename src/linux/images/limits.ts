/**
 * No call copies or punches more than this, so that a cancelled one ends soon: 5 ms in memory, 0.2 s on a
 * slow disk.
 */
export const COPY_BYTES = 16n << 20n

/**
 * Larger buffers fall out of the processor's cache, smaller ones cost more calls (measured: 128 KiB to 4
 * MiB).
 */
export const COMPARE_BYTES = 512n << 10n

/** Pieces at the same time: enough to keep two processors busy. With more it gets no faster. */
export const WIDTH = 4

/** Single blocks are written, unless they are so near to each other that one call for both is cheaper. */
export const WRITTEN_RUNS = { granule: 4 << 10, gap: 16 << 10, lead: 0 }
