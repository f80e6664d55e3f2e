import { access, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { makeProgram, runProgram } from '../../../../src/cli/program.ts'
import { nodeId, parseEndpoint } from '../../../../src/cli/terminal/options.ts'

describe('--endpoint', () => {
  it.each(['unix:///run/csi.sock', 'unix:/run/csi.sock', '/run/csi.sock'])(
    'is a URL for servers and clients: %s',
    (text) => {
      expect(parseEndpoint(text)).toBe('unix:///run/csi.sock')
    },
  )

  it.each(['', 'tcp://1.2.3.4:1', 'csi.sock', 'unix://csi.sock', 'unix:///run/csi', 'localhost:1'])(
    'refuses %j',
    (text) => {
      expect(() => parseEndpoint(text)).toThrow(/^It must be unix:\/\/\/path\/to\/csi\.sock or \//)
    },
  )
})

describe('the node role, with options that it refuses', () => {
  let directory: string

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'csi-driver-loop-'))
  })

  afterEach(() => rm(directory, { recursive: true }))

  it.each([
    ['--endpoint', 'tcp://1.2.3.4:1'],
    ['--kubelet-endpoint', 'tcp://1.2.3.4:1'],
    ['--node-id', 'a b/c'],
  ])('creates nothing: %s %s', async (option, value) => {
    const dataDir = join(directory, 'd')
    const stderr = jest.spyOn(process.stderr, 'write').mockReturnValue(true)
    try {
      const given = ['--endpoint', join(directory, 'csi.sock'), '--data-dir', dataDir, option, value]
      expect(await runProgram(makeProgram(), ['node', 'csi-driver-loop', 'node', ...given])).toBe(1)
      expect(stderr.mock.calls.join('')).toMatch(
        new RegExp(`^error: option '${option} <.*>' argument '${value}' is invalid. It must `),
      )
    } finally {
      stderr.mockRestore()
    }
    await expect(access(dataDir)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('--node-id', () => {
  it.each(['n1', 'kind-worker2', 'Node_1.example.org', 'n'.repeat(192)])('accepts %j', (text) => {
    expect(nodeId(text)).toBe(text)
  })

  it.each(['', 'a b/c', '-n1', 'n1.', 'nöde', 'n'.repeat(193), 'n1\n'])('refuses %j', (text) => {
    expect(() => nodeId(text)).toThrow(/^It must have 1 to 192 letters, /)
  })
})
