/** Tells the person who waits how far it is: one line on a terminal, one per part in a log. */
export type Progress = (part: string, done: number, total: number) => void

export function progressOn(stream: NodeJS.WriteStream): Progress {
  return (part, done, total) => {
    if (stream.isTTY) stream.write(`\r\x1b[K${part}: ${done} of ${total}${done === total ? '\n' : ''}`)
    else if (done === total) stream.write(`${part}: ${total} done\n`)
  }
}
