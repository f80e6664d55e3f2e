#!/usr/bin/env node

// System calls that block (mount, ioctl, fsync) wait on libuv's threads. With the default of four, a few slow
// ones would hold up all others. libuv reads this when it is first used, so it is set before anything else is
// loaded.
process.env['UV_THREADPOOL_SIZE'] ??= '64'

const { keepCompiledCode } = await import('./compile-cache.ts')
keepCompiledCode()

const { run } = await import('./cli/program.ts')
process.exitCode = await run(process.argv)
