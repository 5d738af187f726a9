import type { Stats } from 'node:fs'
import * as v from 'valibot'

/** What tells that a source file is still the one whose chunks were hashed. Compared, never interpreted. */
export interface FileIdentity {
  size: number
  /** Milliseconds since the epoch, with the fraction that the file system gives. */
  mtimeMs: number
  ctimeMs: number
  ino: number
  dev: number
}

/** How a `FileIdentity` must look in a library file. */
export const fileIdentitySchema: v.GenericSchema<unknown, FileIdentity> = v.object({
  size: v.number(),
  mtimeMs: v.number(),
  ctimeMs: v.number(),
  ino: v.number(),
  dev: v.number()
})

/** The identity of the file that `stats` describes. */
export function fileIdentityOf(stats: Stats): FileIdentity {
  const { size, mtimeMs, ctimeMs, ino, dev } = stats
  return { size, mtimeMs, ctimeMs, ino, dev }
}

/** Whether nothing that we can see of the file has changed. */
export function isSameFile(a: FileIdentity, b: FileIdentity): boolean {
  return (
    a.size === b.size &&
    a.mtimeMs === b.mtimeMs &&
    a.ctimeMs === b.ctimeMs &&
    a.ino === b.ino &&
    a.dev === b.dev
  )
}
