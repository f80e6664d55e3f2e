/** Each root test has a directory, and counts only the loop devices, mounts and processes of that. */
export default {
  maxWorkers: 2,
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // They need helm, or a cluster, and have configurations of their own.
  testPathIgnorePatterns: ['<rootDir>/test/(chart|e2e)/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/strip-types.js' },
  testTimeout: 60_000,
}
