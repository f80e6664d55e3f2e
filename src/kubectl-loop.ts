#!/usr/bin/env node
import { enableCompileCache } from 'node:module'

enableCompileCache()

const { run } = await import('./cli/kubectl/program.ts')
process.exitCode = await run(process.argv)
