import { join } from 'node:path'
import { PeerError } from '../errors.ts'
import { readFileIfPresent, writeFileAtomically } from '../library/atomic-file.ts'

/** Length of a seal: an AES-256 key. */
export const SEAL_BYTES = 32

/** Where the random key lies that seals a data folder's keystore. One store serves one data folder. */
export interface SealStore {
  /** `editor` is VS Code's SecretStorage, `file` is the data folder itself. */
  readonly kind: 'editor' | 'file'
  /** The 32-byte seal, or undefined when there is none (any more). */
  load(): Promise<Uint8Array | undefined>
  /** Keeps a new seal; resolves once it is durable. */
  save(seal: Uint8Array): Promise<void>
}

/** The command line's store: `keys/seal` with mode 0600. Protects as well as the file's permissions do. */
export class FileSealStore implements SealStore {
  readonly kind = 'file'
  readonly #path: string

  /** @param dataFolder Absolute path of the data folder. */
  constructor(dataFolder: string) {
    this.#path = join(dataFolder, 'keys', 'seal')
  }

  async load(): Promise<Uint8Array | undefined> {
    const seal = await readFileIfPresent(this.#path)
    if (!seal || seal.length === SEAL_BYTES) return seal
    throw new PeerError(
      'KEYSTORE_DAMAGED',
      `${this.#path} is damaged. Restore it from a backup, or delete it to begin with a new identity.`
    )
  }

  save(seal: Uint8Array): Promise<void> {
    return writeFileAtomically(this.#path, seal)
  }
}
