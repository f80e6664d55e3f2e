import { run } from './command.ts'
import { getAll, kubectl } from './kubectl.ts'

/** The nodes' names, which on kind are those of their containers. */
export async function nodeNames(): Promise<string[]> {
  return (await getAll('node')).map(({ metadata }) => metadata.name).sort()
}

/** The name of the kind cluster that kubectl speaks to. @throws when it is none */
export async function kindCluster(): Promise<string> {
  const context = (await kubectl(['config', 'current-context'])).trim()
  const cluster = /^kind-(.+)$/.exec(context)?.[1]
  if (cluster === undefined)
    throw new Error(`kubectl's context is ${context}; these tests need a kind cluster`)
  return cluster
}

/** Runs a command in a node. */
export function onNode(node: string, ...command: string[]): Promise<string> {
  return run('docker', ['exec', node, ...command])
}

/** Copies images of this machine to all nodes. */
export async function loadImage(...images: string[]): Promise<void> {
  await run('kind', ['load', 'docker-image', '--name', await kindCluster(), ...images])
}
