const MARK = 'way: '

/** Tells the host which way was taken, for its table of kernels. */
export function tellWay(what: string, way: string): void {
  process.stderr.write(`\n${MARK}${what}: ${way}\n`)
}

/** @returns the ways in the output of a guest, by what they are of, in their order */
export function waysIn(output: string): Map<string, string> {
  const lines = output.split('\n').filter((line) => line.startsWith(MARK))
  return new Map(
    lines.map((line) => {
      const [what = '', ...way] = line.slice(MARK.length).split(': ')
      return [what, way.join(': ')]
    }),
  )
}
