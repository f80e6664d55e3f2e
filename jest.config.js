/** One file at a time: root tests share the machine's loop devices and count what is left of them. */
export default {
  maxWorkers: 1,
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // They need helm, or a cluster, and have configurations of their own.
  testPathIgnorePatterns: ['<rootDir>/test/(chart|e2e)/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/strip-types.js' },
  testTimeout: 60_000,
}
