export interface RunOptions {
  /** What is compared at once, in bytes; a run is made of whole ones. */
  readonly granule: number
  /** Runs with no more equal bytes than this between them are joined. */
  readonly gap: number
  /** The bytes of the first granule that lie before the buffers. */
  readonly lead: number
}

/** Where two buffers of the same length differ, as offsets into them. */
export function differingRuns(
  a: Buffer,
  b: Buffer,
  { granule, gap, lead }: RunOptions,
): { readonly start: number; readonly end: number }[] {
  const runs: { start: number; end: number }[] = []
  if (a.equals(b)) return runs
  for (let start = 0, cut = granule - lead; start < a.length; start = cut, cut += granule) {
    const end = Math.min(cut, a.length)
    if (a.compare(b, start, end, start, end) === 0) continue
    const last = runs.at(-1)
    if (last && start - last.end <= gap) last.end = end
    else runs.push({ start, end })
  }
  return runs
}
