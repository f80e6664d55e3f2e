#!/usr/bin/env node

// System calls that block (mount, ioctl, fsync) run on libuv's threads. With the default of four threads, a
// few slow calls would delay all others. libuv reads the variable at its first use, so it is set before the
// other modules are loaded.
process.env['UV_THREADPOOL_SIZE'] ??= '64'

const { cacheCompiledCode } = await import('./compile-cache.ts')
cacheCompiledCode()

const { run } = await import('./cli/program.ts')
process.exitCode = await run(process.argv)
