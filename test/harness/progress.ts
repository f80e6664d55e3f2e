/** Reports progress: one line on a terminal; in a log one per part, and ten of a long one. */
export type Progress = (part: string, done: number, total: number) => void

const LONG = 100

export function progressOn(stream: NodeJS.WriteStream): Progress {
  return (part, done, total) => {
    if (stream.isTTY) stream.write(`\r\x1b[K${part}: ${done} of ${total}${done === total ? '\n' : ''}`)
    else if (done === total) stream.write(`${part}: ${total} done\n`)
    else if (total >= LONG && done % Math.ceil(total / 10) === 0)
      stream.write(`${part}: ${done} of ${total}\n`)
  }
}
