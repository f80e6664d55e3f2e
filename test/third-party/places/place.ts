import type { Kind } from './kinds.ts'

/** A volume that is mounted, or shown as a device, for a tool. */
export interface Place extends AsyncDisposable {
  /** The mount point, or the device node. */
  readonly path: string
  /** Above it; no other volume is below. */
  readonly directory: string
  /** On another file system, for what a tool writes beside. */
  readonly scratch: string
  readonly image: string
  /** Unmounts and detaches it. The image stays until this is disposed of. */
  close(): Promise<void>
}

/** Makes places of one origin. */
export interface Origin {
  readonly name: 'ours' | 'losetup'
  /** @param name unique */
  open(kind: Kind, name: string): Promise<Place>
}
