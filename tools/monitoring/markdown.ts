import { format, resolveConfig } from 'prettier'
import { fileURLToPath } from 'node:url'

/** A page as `npm run check:format` wants it. */
export async function markdown(text: string): Promise<string> {
  const config = await resolveConfig(fileURLToPath(new URL('../../docs/', import.meta.url)))
  return format(text, { ...config, parser: 'markdown' })
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
