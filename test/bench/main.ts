// As in src/main.ts: libuv reads this when it is first used. The columns that run in this process (attach alone, the
// floor) get as many threads as the driver has.
process.env['UV_THREADPOOL_SIZE'] ??= '64'

const { run } = await import('./command.ts')
process.exitCode = await run(process.argv.slice(2))
