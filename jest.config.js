const tests = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  globalSetup: '<rootDir>/test/setup.ts',
  globalTeardown: '<rootDir>/test/teardown.ts',
  transform: { '\\.ts$': '<rootDir>/test/strip-types.js' },
}

export default {
  maxWorkers: 2,
  testTimeout: 60_000,
  projects: [
    {
      // Each root test has a directory, and counts only the loop devices, mounts and processes of that.
      displayName: 'together',
      ...tests,
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      // These need helm, a cluster, or a machine of their own, and have configurations of their own.
      testPathIgnorePatterns: ['<rootDir>/test/(chart|e2e|vm/guest)/', '\\.alone\\.test\\.ts$'],
    },
    {
      // What these do to the machine would be felt by the others.
      displayName: 'alone',
      ...tests,
      testMatch: ['<rootDir>/test/**/*.alone.test.ts'],
      runner: '<rootDir>/test/alone.js',
    },
  ],
}
