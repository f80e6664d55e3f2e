#!/usr/bin/env node
import { keepCompiledCode } from './compile-cache.ts'

keepCompiledCode()

const { run } = await import('./cli/kubectl/program.ts')
process.exitCode = await run(process.argv)
