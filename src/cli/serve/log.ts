import pino, { type Logger } from 'pino'
import { scopeFields } from '../../csi/call-scope.ts'
import { toText } from '../terminal/log-text.ts'

export interface LogConfig {
  /** The least important messages to log. */
  readonly logLevel: string
  readonly logFormat: LogFormat
}

/** One JSON object per line for programs, or a line for people. */
export type LogFormat = 'json' | 'text'

/** @param who what is in every line, to tell several of these processes apart */
export function makeLog({ logLevel, logFormat }: LogConfig, who: Readonly<Record<string, string>>): Logger {
  const options = {
    level: logLevel,
    base: who,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level: string) => ({ level }) },
    // Whichever layer says something while it works for a call.
    mixin: scopeFields,
  }
  if (logFormat === 'json') return pino(options)
  return pino(options, { write: (line) => process.stdout.write(toText(line)) })
}
