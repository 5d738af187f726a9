import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Digest } from '../api.ts'
import { PeerError } from '../errors.ts'
import { readFileIfPresent, writeFileAtomically } from '../library/atomic-file.ts'
import { CoalescedWrite } from '../library/coalesced-write.ts'
import type { DataFolder } from '../library/data-folder.ts'
import { type Random, systemRandom } from '../random.ts'
import {
  type EncryptionKey,
  endorseEncryptionKey,
  generateEncryptionKey,
  importEncryptionKey,
  publicHalfOf
} from './encryption-key.ts'
import {
  copySecret,
  decodeKeystoreBody,
  encodeKeystoreBody,
  type KeystoreBody,
  type VideoSecret,
  wipeSecret
} from './keystore-body.ts'
import {
  isSealedBy,
  KEYSTORE_VERSION,
  readKeystoreHeader,
  sealKeystore,
  unsealKeystore
} from './keystore-file.ts'
import { generateIdentity, importIdentity, type PeerIdentity } from './peer-identity.ts'
import { SEAL_BYTES, type SealStore } from './seal-store.ts'

/**
 * The secrets of one data folder in one file, `keys/keystore`, sealed by a key that lies elsewhere: identity, encryption key,
 * and each video's ID and content key.
 */
export class Keystore {
  readonly identity: PeerIdentity
  readonly encryptionKey: EncryptionKey
  /**
   * The seal was gone: this is a new identity, and the old keystore lies beside the new one as `keystore.lost-<time>`. Finished
   * files stay usable; what exists only as ciphertext must be granted again.
   */
  readonly sealLost: boolean
  readonly #body: KeystoreBody
  readonly #seal: Uint8Array
  readonly #writes: CoalescedWrite
  #closed = false

  private constructor(
    body: KeystoreBody,
    seal: Uint8Array,
    sealLost: boolean,
    write: (body: KeystoreBody, seal: Uint8Array) => Promise<void>
  ) {
    this.#body = body
    this.#seal = seal
    this.sealLost = sealLost
    this.identity = importIdentity(body.identity)
    this.encryptionKey = importEncryptionKey(body.encryptionKey, body.endorsement)
    this.#writes = new CoalescedWrite(() => write(this.#body, this.#seal))
  }

  /**
   * Opens the folder's keystore, or makes one with new keys.
   * @throws PeerError KEYSTORE_FOREIGN (sealed by the editor when the command line asks, or the other way round),
   * KEYSTORE_DAMAGED, DATA_FOLDER_NEWER, DISK_FULL, FOLDER_UNWRITABLE
   */
  static async open(folder: DataFolder, seals: SealStore, random: Random = systemRandom): Promise<Keystore> {
    const path = join(folder.keys, 'keystore')
    const file = await readFileIfPresent(path)
    const write = async (body: KeystoreBody, seal: Uint8Array): Promise<void> => {
      await writeFileAtomically(path, sealBody(body, seal, seals.kind, random))
    }
    const seal = (await seals.load())?.slice()
    const found = file && unlock(path, file, seal, seals.kind)
    if (found && seal) return new Keystore(found, seal, false, write)
    const sealLost = file !== undefined
    if (sealLost) await rename(path, `${path}.lost-${Date.now()}`)
    const fresh = seal ?? random.bytes(SEAL_BYTES)
    if (!seal) await seals.save(fresh.slice())
    const keystore = new Keystore(await generateBody(), fresh, sealLost, write)
    await keystore.#writes.request()
    return keystore
  }

  /** A copy of a video's secret, the caller's to wipe. */
  getSecret(digest: Digest): VideoSecret | undefined {
    const secret = this.#body.secrets.get(digest)
    return secret && copySecret(secret)
  }

  /** Keeps a copy of a video's secret; visible at once, resolves when durable. */
  setSecret(digest: Digest, secret: VideoSecret): Promise<void> {
    if (!/^[0-9a-f]{64}$/.test(digest)) throw new PeerError('INTERNAL', 'A digest has 64 hex digits.')
    this.#forget(digest)
    this.#body.secrets.set(digest, copySecret(secret))
    return this.#persist()
  }

  /** Forgets a video's secret, so that ciphertext of it is worthless here. Forgetting an unknown one is harmless. */
  async deleteSecret(digest: Digest): Promise<void> {
    if (this.#forget(digest)) await this.#persist()
  }

  /** The digests of all videos whose secrets are here. */
  listSecrets(): Digest[] {
    return [...this.#body.secrets.keys()]
  }

  /** Waits for pending writes, then overwrites every secret in memory. Calling it again is harmless. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#writes.settled()
    for (const digest of this.listSecrets()) this.#forget(digest)
    for (const bytes of [this.#body.identity, this.#body.encryptionKey, this.#seal]) bytes.fill(0)
  }

  #forget(digest: Digest): boolean {
    const secret = this.#body.secrets.get(digest)
    if (secret) wipeSecret(secret)
    return this.#body.secrets.delete(digest)
  }

  async #persist(): Promise<void> {
    if (this.#closed) throw new PeerError('CONTROL_LOST', 'This peer is closed. Open it again.')
    await this.#writes.request()
  }
}

/** The keystore's content, or undefined when it was sealed by a seal that is gone. */
function unlock(
  path: string,
  file: Uint8Array,
  seal: Uint8Array | undefined,
  kind: SealStore['kind']
): KeystoreBody | undefined {
  const header = readKeystoreHeader(file)
  if (!header) throw damaged(path)
  if (header.version > KEYSTORE_VERSION) {
    throw new PeerError(
      'DATA_FOLDER_NEWER',
      `${path} was written by a newer version of Chordcast. Update Chordcast, or choose another data folder.`
    )
  }
  if (header.sealedBy !== kind) throw foreign(header.sealedBy)
  if (!seal || !isSealedBy(header, seal)) return undefined
  try {
    const bytes = unsealKeystore(file, seal)
    const body = decodeKeystoreBody(bytes)
    bytes.fill(0)
    return body
  } catch (error) {
    throw damaged(path, error)
  }
}

async function generateBody(): Promise<KeystoreBody> {
  const [identity, encryptionKey] = await Promise.all([generateIdentity(), generateEncryptionKey()])
  const endorsement = await endorseEncryptionKey(importIdentity(identity), publicHalfOf(encryptionKey))
  return { identity, encryptionKey, endorsement, secrets: new Map() }
}

function sealBody(body: KeystoreBody, seal: Uint8Array, kind: SealStore['kind'], random: Random): Uint8Array {
  const bytes = encodeKeystoreBody(body)
  const sealed = sealKeystore(bytes, seal, kind, random)
  bytes.fill(0)
  return sealed
}

function damaged(path: string, cause?: unknown): PeerError {
  return new PeerError(
    'KEYSTORE_DAMAGED',
    `${path} is damaged. Restore it from a backup, or move it away to begin with a new identity.`,
    { cause }
  )
}

function foreign(sealedBy: SealStore['kind']): PeerError {
  const owner = sealedBy === 'editor' ? 'the editor' : 'the command line'
  const other = sealedBy === 'editor' ? 'With --data, choose' : 'In the settings, choose'
  return new PeerError(
    'KEYSTORE_FOREIGN',
    `The keys of this data folder belong to ${owner}. ${other} another data folder.`
  )
}
