import { styleText } from 'node:util'
import { alignCells, ERASE_LINE, formatDuration } from '../src/cli/terminal/text.ts'

const INDENT = '   '

/**
 * Prints the steps, with the time that each takes. styleText prints no colours to a pipe or with NO_COLOR;
 * progress is printed to terminals only.
 */
export class Narrator {
  readonly #out: NodeJS.WriteStream
  readonly #times: [title: string, milliseconds: number][] = []
  #title = 'Begin'

  constructor(out: NodeJS.WriteStream) {
    this.#out = out
  }

  /** Number and title of the current step. */
  get position(): string {
    return `${this.#times.length + 1} ("${this.#title}")`
  }

  title(text: string): void {
    this.#write(styleText('bold', text))
  }

  /** Runs a step, and keeps its time when it succeeds. */
  async step<Result>(title: string, work: () => Promise<Result>): Promise<Result> {
    this.#title = title
    this.#write(`\n${styleText('bold', `${this.#times.length + 1}. ${title}`)}`)
    const start = performance.now()
    const result = await work()
    this.#times.push([title, performance.now() - start])
    return result
  }

  /** Runs a call to the driver, and prints its time. */
  async call<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    this.progress(`→ ${name}`)
    const start = performance.now()
    let outcome = 'failed after '
    try {
      const result = await work()
      outcome = ''
      return result
    } finally {
      const duration = formatDuration(performance.now() - start)
      this.say(`${styleText('cyan', `→ ${name}`)} ${styleText('dim', outcome + duration)}`)
    }
  }

  /** Explains what has happened. */
  say(...lines: readonly string[]): void {
    for (const line of lines) this.#write(INDENT + line)
  }

  /** Shows the state of the machine. */
  show(...lines: readonly string[]): void {
    for (const line of lines) this.#write(`${INDENT}  ${styleText('dim', line)}`)
  }

  /** A line that the next one replaces. */
  progress(text: string): void {
    if (this.#out.isTTY) this.#out.write(`${ERASE_LINE}${INDENT}${styleText('dim', text)}`)
  }

  /** The time of each step. */
  times(): void {
    const rows = this.#times.map(([title, time], index) => [`${index + 1}.`, title, formatDuration(time)])
    const total = this.#times.reduce((sum, [, time]) => sum + time, 0)
    this.#write('')
    this.show(...alignCells([...rows, ['', 'All steps', formatDuration(total)]], [0, 2]))
  }

  succeeded(text: string): void {
    this.#write(`\n${styleText(['bold', 'green'], text)}`)
  }

  failed(text: string): void {
    this.#write(`\n${styleText(['bold', 'red'], text)}`)
  }

  #write(line: string): void {
    this.#out.write(`${this.#out.isTTY ? ERASE_LINE : ''}${line}\n`)
  }
}
