import type { Argument, Command, Option } from 'commander'
import { explanationOf } from '../../src/cli/terminal/help.ts'
import { markdown, table } from '../monitoring/markdown.ts'

/** docs/reference/command-line.md: every command, as its `--help` has it. */
export function commandLinePage(driver: Command, plugin: Command): Promise<string> {
  return markdown(`# Command line

Generated from the commands by \`npm run reference\`. \`--help\` after any of them prints the same. An option that is not given takes
its value from the variable in its description.

${[...commandsIn(driver), plugin].map(section).join('\n')}`)
}

/** The command and all below it that people use, from the top down. */
function commandsIn(command: Command): Command[] {
  const below = command.createHelp().visibleCommands(command)
  return [command, ...below.filter((child) => child.name() !== 'help').flatMap(commandsIn)]
}

function section(command: Command): string {
  const help = command.createHelp()
  const { examples = [], notes = [] } = explanationOf(command) ?? {}
  return [
    `## ${fullName(command)}`,
    escaped(help.commandDescription(command)),
    commandBlock([help.commandUsage(command)]),
    optional(['argument', 'meaning'], help.visibleArguments(command).map(argumentRow)),
    optional(['option', 'default', 'meaning'], help.visibleOptions(command).filter(isOwn).map(optionRow)),
    ...notes.map(escaped),
    examples.length > 0 ? `For example:\n\n${commandBlock(examples)}` : '',
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n')
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`
}

function argumentRow(argument: Argument): string[] {
  const { argChoices: choices, description } = argument
  return [`\`${argument.name()}\``, escaped(withChoices(description, choices))]
}

function optionRow(option: Option): string[] {
  const { argChoices: choices, description, envVar: variable } = option
  const meaning = withChoices(description, choices)
  return [
    `\`${option.flags}\``,
    defaultOf(option),
    escaped(meaning) + (variable === undefined ? '' : ` (\`${variable}\`)`),
  ]
}

/** What every command has is no news of one. */
function isOwn({ long }: Option): boolean {
  return long !== '--help' && long !== '--version'
}

function defaultOf({ defaultValue: value, defaultValueDescription: words, mandatory }: Option): string {
  if (words !== undefined) return words
  if (value === undefined || value === '') return mandatory ? 'required' : ''
  return `\`${String(value)}\``
}

function withChoices(description: string, choices: readonly string[] | undefined): string {
  const list = choices?.join(', ') ?? ''
  if (list === '') return description
  return description === '' ? list : `${description}: ${list}`
}

function optional(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : table(head, rows)
}

function commandBlock(lines: readonly string[]): string {
  return ['```console', ...lines, '```'].join('\n')
}

/** A placeholder such as `<volume>` is not HTML, and a star no emphasis. */
function escaped(text: string): string {
  return text.replaceAll(/[<*]/g, String.raw`\$&`)
}
