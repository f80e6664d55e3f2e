import type { Command } from 'commander'

/** Adds a command with the options that say where the pools are. */
export type AddCommand = (name: string, description: string) => Command

/** How a volume is named on the command line. */
export const WHICH_VOLUME = 'id, name of the PersistentVolume, or <namespace>/<name> of the claim'
