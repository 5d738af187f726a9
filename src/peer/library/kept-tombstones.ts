import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import type { Digest } from '../api.ts'
import type { SignedRecord } from '../chord/chord.ts'
import { toPeerError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { decodeCanonical, encodeCanonical } from '../wire/canonical.ts'
import { bytesUpTo } from '../wire/message-schema.ts'
import { readFileIfPresent, writeFileAtomically } from './atomic-file.ts'
import type { DataFolder } from './data-folder.ts'

const FILE_NAME = /^([0-9a-f]{64})\.tombstone$/
const MAX_FILE_BYTES = 8192

const signedSchema: v.GenericSchema<unknown, SignedRecord> = v.object({
  kind: v.literal('tombstone'),
  payload: bytesUpTo(4096),
  algorithm: v.picklist(['rsa-sha256', 'ed25519']),
  signature: bytesUpTo(1024),
  announceSignature: bytesUpTo(64)
})

/**
 * The tombstones of what this peer shared once: one file each in `library/`, beside the entries. They are kept signed, so that
 * the ring can be told again after the ID is forgotten.
 */
export class KeptTombstones {
  readonly #folder: string
  readonly #tombstones = new Map<Digest, SignedRecord>()

  private constructor(folder: string) {
    this.#folder = folder
  }

  /**
   * Reads all. A damaged one is passed over with a warning.
   * @throws PeerError FOLDER_UNWRITABLE
   */
  static async load(folder: DataFolder, log: Logger): Promise<KeptTombstones> {
    const kept = new KeptTombstones(folder.library)
    for (const name of await readdir(folder.library)) {
      const digest = FILE_NAME.exec(name)?.[1]
      if (digest) await kept.#read(digest, log)
    }
    return kept
  }

  list(): { digest: Digest; signed: SignedRecord }[] {
    return [...this.#tombstones].map(([digest, signed]) => ({ digest, signed }))
  }

  /** Durable when it resolves. */
  async put(digest: Digest, signed: SignedRecord): Promise<void> {
    await writeFileAtomically(this.#path(digest), encodeCanonical(signed))
    this.#tombstones.set(digest, signed)
  }

  async delete(digest: Digest): Promise<void> {
    this.#tombstones.delete(digest)
    await rm(this.#path(digest), { force: true })
  }

  async #read(digest: Digest, log: Logger): Promise<void> {
    const bytes = await readFileIfPresent(this.#path(digest))
    if (!bytes) return
    try {
      const decoded = decodeCanonical(bytes, { maxBytes: MAX_FILE_BYTES })
      this.#tombstones.set(digest, v.parse(signedSchema, decoded))
    } catch (error) {
      log.warn(
        `The tombstone ${digest.slice(0, 8)} is damaged; the ring is not told of it again`,
        toPeerError(error)
      )
    }
  }

  #path(digest: Digest): string {
    return join(this.#folder, `${digest}.tombstone`)
  }
}
