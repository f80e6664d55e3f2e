import TestRunner from 'jest-runner'

/**
 * One file after the other, and none beside those of another runner: jest ends with one before it begins with
 * the next.
 */
export default class AloneRunner extends TestRunner {
  isSerial = true
}
