import type { Progress } from '../../harness/progress.ts'
import type { Workspace } from '../../harness/workspace.ts'
import { troubled, type Behaviour } from '../cluster/behaviour.ts'
import type { Shape } from '../cluster/shape.ts'
import { SimulatedCluster } from '../cluster/simulated-cluster.ts'
import { compare, type Comparing } from './comparing.ts'
import { measureCalls, type CallFigures, type Contender } from './measure.ts'
import { subjectOf } from './subject.ts'
import { callBesideTroubles, type TroubledCall } from './troubled.ts'

export interface RouterOptions {
  /** Numbers of nodes, ascending. */
  readonly nodes: readonly number[]
  readonly volumes: number
  readonly persistentVolumes: number
  readonly rounds: number
  /** The driver's main file. */
  readonly driver: string
}

/** A cluster of one size. */
export interface Size {
  readonly name: string
  readonly shape: Shape
}

/** The sizes that are compared. */
export interface Sizes {
  /** With the same volumes on more and more nodes. */
  readonly byNodes: readonly Size[]
  /** With the largest number of nodes, and a tenth of the volumes. */
  readonly fewVolumes: Size
}

export interface RouterFindings {
  readonly sizes: Sizes
  /** By the names of the sizes. */
  readonly comparing: ReadonlyMap<string, Comparing>
  readonly calls: readonly CallFigures[]
  readonly troubled: readonly TroubledCall[]
}

const FEWER_VOLUMES = 10

export function sizesOf({ nodes, volumes, persistentVolumes }: RouterOptions): Sizes {
  const byNodes = nodes.map((count) => sizeOf({ nodes: count, volumes, persistentVolumes }))
  const fewVolumes = sizeOf({
    nodes: Math.max(...nodes),
    volumes: Math.ceil(volumes / FEWER_VOLUMES),
    persistentVolumes: Math.ceil(persistentVolumes / FEWER_VOLUMES),
  })
  return { byNodes, fewVolumes }
}

/** All sizes, the largest one last. */
export function allSizes({ byNodes, fewVolumes }: Sizes): Size[] {
  return [fewVolumes, ...byNodes]
}

/** @throws Error when there is none */
export function largest({ byNodes }: Sizes): Size {
  const last = byNodes.at(-1)
  if (!last) throw new Error('there is no size')
  return last
}

/** Measures routers of clusters of different sizes, and one beside nodes in trouble. */
export async function measureRouter(
  options: RouterOptions,
  workspace: Workspace,
  progress: Progress,
  signal: AbortSignal,
): Promise<RouterFindings> {
  const sizes = sizesOf(options)
  const start = async ({ name, shape }: Size, behaviours: readonly Behaviour[]) => {
    const directory = await workspace.directory(name.replaceAll(/[^a-z0-9]+/g, '-'))
    return await SimulatedCluster.start({ shape, behaviours, directory, main: options.driver })
  }
  const found = await withResources(async (resources) => {
    const comparing = new Map<string, Comparing>()
    const contenders: Contender[] = []
    for (const size of allSizes(sizes)) {
      const cluster = resources.use(await start(size, Array<Behaviour>(size.shape.nodes).fill('well')))
      comparing.set(size.name, await compare(cluster, progress, signal))
      const router = resources.use(await cluster.startRouter('0'))
      const subject = subjectOf(router.client, size.shape, 'measured')
      contenders.push({ name: size.name, router, subject })
    }
    return { comparing, calls: await measureCalls(contenders, options.rounds, progress, signal) }
  })
  const { shape } = largest(sizes)
  await using cluster = await start({ name: 'troubled', shape }, troubled(shape.nodes))
  const beside = await callBesideTroubles(cluster, options.rounds, progress, signal)
  return { sizes, ...found, troubled: beside }
}

async function withResources<T>(work: (resources: AsyncDisposableStack) => Promise<T>): Promise<T> {
  await using resources = new AsyncDisposableStack()
  return await work(resources)
}

function sizeOf(shape: Shape): Size {
  const { nodes, volumes } = shape
  return { name: `${nodes} nodes, ${volumes} volumes`, shape }
}
