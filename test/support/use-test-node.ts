import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals'
import { TestNode } from './driver.ts'
import { nothing } from './leftovers.ts'
import { Steps } from './seam/steps.ts'

/**
 * One driver for all tests of a suite, which together leave no volume, and with its end nothing on the
 * machine.
 * @param started gets it before the first test
 */
export function useTestNode(started: (node: TestNode) => void): void {
  let node: TestNode

  beforeAll(async () => {
    node = await TestNode.start()
    started(node)
  })

  afterAll(async () => {
    await using _cleared = node
    expect(await node.stop()).toEqual(nothing)
    expect(await node.files()).toEqual([])
  })
}

/**
 * A driver for each test of a suite, which leaves nothing on the machine with its end.
 * @param started gets it before the test
 */
export function useTestNodePerTest(started: (node: TestNode) => void): void {
  let node: TestNode

  beforeEach(async () => {
    node = await TestNode.start()
    started(node)
  })

  afterEach(async () => {
    await using _cleared = node
    expect(await node.stop()).toEqual(nothing)
  })
}

/**
 * A driver for each test of a suite, which can be stopped at its steps.
 * @param started gets both before the test
 */
export function useTestNodeWithSteps(started: (node: TestNode, steps: Steps) => void): void {
  let node: TestNode

  beforeEach(async () => {
    node = await TestNode.make()
    const steps = new Steps(node)
    await node.start({ within: steps.within })
    started(node, steps)
  })

  afterEach(() => node[Symbol.asyncDispose]())
}
