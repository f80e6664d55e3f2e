/**
 * `npm run test:e2e`: on the kind cluster that KUBECONFIG points to, one file after the other in the order of
 * their names.
 */
export default {
  rootDir: '../..',
  maxWorkers: 1,
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/e2e/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/strip-types.js' },
  testSequencer: '<rootDir>/test/e2e/by-name.js',
  globalSetup: '<rootDir>/test/e2e/setup.ts',
  testTimeout: 300_000,
  verbose: true,
}
