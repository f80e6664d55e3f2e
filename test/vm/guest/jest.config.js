/**
 * `npm run test:guest`: tests that need a machine of their own, in a guest that has what each of them names.
 */
export default {
  rootDir: '../../..',
  maxWorkers: 1,
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/vm/guest/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/strip-types.js' },
  globalSetup: '<rootDir>/test/setup.ts',
  globalTeardown: '<rootDir>/test/teardown.ts',
  // The processor of a guest is emulated.
  testTimeout: 300_000,
  verbose: true,
}
