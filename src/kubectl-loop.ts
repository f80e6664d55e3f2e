#!/usr/bin/env node
import { cacheCompiledCode } from './compile-cache.ts'

cacheCompiledCode()

const { run } = await import('./cli/kubectl/program.ts')
process.exitCode = await run(process.argv)
