import { common, controller, node, type Definition } from '../../src/monitoring/definitions.ts'

/** What one panel shows. */
export interface Panel {
  readonly title: string
  readonly description: string
  /** Grafana's name for it. */
  readonly unit: 'bytes' | 'ops' | 'percentunit' | 's' | 'short'
  readonly queries: readonly Query[]
}

export interface Query {
  /** In PromQL, with Grafana's variables. */
  readonly expr: string
  /** What a line is called; `{{label}}` is filled in. */
  readonly legend: string
}

export interface Row {
  readonly title: string
  readonly panels: readonly Panel[]
}

const nodes = 'node=~"$node"'
const pools = `${nodes},pool=~"$pool"`
const rate = (metric: string, selector: string): string => `rate(${metric}{${selector}}[$__rate_interval])`
const gauge = ({ name }: Definition, selector: string): string => `${name}{${selector}}`
const p95 = ({ name }: Definition, by: string, selector: string): string =>
  `histogram_quantile(0.95, sum by (${by}, le) (${rate(`${name}_bucket`, selector)}))`

const ofPool = '{{node}} {{pool}}'
const ofVolume = '{{claim_namespace}}/{{persistentvolumeclaim}} {{volume_id}}'

/** What the dashboard shows, from what fails first to what explains it. */
export const rows: readonly Row[] = [
  {
    title: 'Pools',
    panels: [
      {
        title: 'Pool in use',
        description: 'Allocated by images, as a share of the usable size of the pool.',
        unit: 'percentunit',
        queries: [
          { expr: `${gauge(node.poolAllocated, pools)} / ${gauge(node.poolSize, pools)}`, legend: ofPool },
        ],
      },
      {
        title: 'Promised',
        description: 'Provisioned space, as a share of what the pool may provision with its overcommit.',
        unit: 'percentunit',
        queries: [
          {
            expr: `${gauge(node.poolProvisioned, pools)} / (${gauge(node.poolSize, pools)} * ${gauge(node.poolOvercommit, pools)})`,
            legend: ofPool,
          },
        ],
      },
      {
        title: 'Free on the disk',
        description: 'Free space of the file system of the pool.',
        unit: 'bytes',
        queries: [{ expr: gauge(node.poolFree, pools), legend: ofPool }],
      },
    ],
  },
  {
    title: 'Volumes',
    panels: [
      {
        title: 'Largest on the disk',
        description: 'The ten volumes with the most allocated space.',
        unit: 'bytes',
        queries: [{ expr: `topk(10, ${gauge(node.volumeAllocated, pools)})`, legend: ofVolume }],
      },
      {
        title: 'Fullest',
        description: 'The ten volumes that have allocated the largest share of their capacity.',
        unit: 'percentunit',
        queries: [
          {
            expr: `topk(10, ${gauge(node.volumeAllocated, pools)} / ${gauge(node.volumeCapacity, pools)})`,
            legend: ofVolume,
          },
        ],
      },
      {
        title: 'Problems',
        description: 'Problems of pools and volumes. Empty when all is well.',
        unit: 'short',
        queries: [
          { expr: gauge(node.poolProblem, pools), legend: `${ofPool} {{reason}}` },
          { expr: gauge(node.volumeProblem, pools), legend: `${ofVolume} {{reason}}` },
          { expr: gauge(controller.orphanedVolumes, nodes), legend: '{{node}} without PersistentVolume' },
          { expr: gauge(controller.lostVolumes, nodes), legend: '{{node}} no longer exists' },
        ],
      },
    ],
  },
  {
    title: 'Calls',
    panels: [
      {
        title: 'Calls',
        description: 'By method, on nodes and controller.',
        unit: 'ops',
        queries: [
          {
            expr: `sum by (job, method) (${rate(`${common.rpcDuration.name}_count`, nodes)})`,
            legend: '{{job}} {{method}}',
          },
        ],
      },
      {
        title: 'Time of calls',
        description: '95th percentile.',
        unit: 's',
        queries: [{ expr: p95(common.rpcDuration, 'job, method', nodes), legend: '{{job}} {{method}}' }],
      },
      {
        title: 'Calls that failed',
        description: 'By method and gRPC status code.',
        unit: 'ops',
        queries: [
          {
            expr: `sum by (job, method, code) (${rate(`${common.rpcDuration.name}_count`, `${nodes},code!="OK"`)})`,
            legend: '{{job}} {{method}} {{code}}',
          },
        ],
      },
    ],
  },
  {
    title: 'Work on the machine',
    panels: [
      {
        title: 'Time of steps',
        description: '95th percentile. During a freeze, writers wait for a snapshot.',
        unit: 's',
        queries: [{ expr: p95(node.stepDuration, 'step', nodes), legend: '{{step}}' }],
      },
      {
        title: 'Steps under way',
        description: 'A step that stays for long hangs.',
        unit: 'short',
        queries: [
          { expr: `sum by (node, step) (${gauge(node.stepsRunning, nodes)})`, legend: '{{node}} {{step}}' },
        ],
      },
      {
        title: 'Loop devices',
        description: 'Loop devices of the machine, of any program, and orphaned devices.',
        unit: 'short',
        queries: [
          { expr: gauge(node.loopDevices, nodes), legend: '{{node}} {{state}}' },
          { expr: gauge(node.orphanedLoopDevices, nodes), legend: '{{node}} orphaned' },
        ],
      },
    ],
  },
  {
    title: 'Driver',
    panels: [
      {
        title: 'Memory',
        description: 'In RAM.',
        unit: 'bytes',
        queries: [{ expr: gauge(common.residentMemory, nodes), legend: '{{job}} {{node}}' }],
      },
      {
        title: 'CPU',
        description: 'Of one core.',
        unit: 'percentunit',
        queries: [{ expr: rate(common.cpu.name, nodes), legend: '{{job}} {{node}}' }],
      },
      {
        title: 'Repairs',
        description: 'Repairs after crashes since the start of the driver.',
        unit: 'short',
        queries: [
          {
            expr: `sum by (node, kind) (${gauge(node.repairs, nodes)})`,
            legend: '{{node}} {{kind}}',
          },
        ],
      },
    ],
  },
]
