import setup from './setup.ts'

/** For programs that are not of these tests (.ci/with-cluster). */
await setup()
