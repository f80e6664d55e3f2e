/** The timed steps of a volume's life, in their order. */
export const steps = [
  'probe',
  'create',
  'stage',
  'stageRepeated',
  'publish',
  'stats',
  'unpublish',
  'unstage',
  'stageFormatted',
  'delete',
] as const
export type Step = (typeof steps)[number]

/** The names of the steps, as CSI has them. */
export const stepLabels: Readonly<Record<Step, string>> = {
  probe: 'Probe, which does nothing',
  create: 'CreateVolume',
  stage: 'NodeStage, new ext4',
  stageRepeated: 'NodeStage, staged already',
  publish: 'NodePublish',
  stats: 'NodeGetVolumeStats',
  unpublish: 'NodeUnpublish',
  unstage: 'NodeUnstage',
  stageFormatted: 'NodeStage, has ext4',
  delete: 'DeleteVolume',
}

/** The steps that make up a whole life, each once: what a pod with a new claim waits for, and its end. */
export const wholeLife: readonly Step[] = ['create', 'stage', 'publish', 'unpublish', 'unstage', 'delete']

/** One volume from nothing to nothing. Each step leaves what the next one needs. */
export interface Life extends Record<
  Exclude<Step, 'probe' | 'stageRepeated' | 'stats'>,
  () => Promise<void>
> {
  /** A call that does nothing, where there are calls: the others cannot be faster. */
  probe?(): Promise<void>
  stageRepeated?(): Promise<void>
  /** The kubelet asks for them every minute. */
  stats?(): Promise<void>
  /** What has to be there before a step, but does not belong into its time. */
  prepare?(step: Step): Promise<void>
}

/** One column of the table: one way to do all that. */
export interface Contender {
  readonly name: string
  /** @param name unique among this contender's lives */
  begin(name: string, sizeBytes: bigint): Promise<Life>
}
