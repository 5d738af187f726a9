import { setImmediate } from 'node:timers/promises'
import { TAG_LENGTH } from '../content/chunk-cipher.ts'
import { leafAt, leafHasher } from '../content/merkle-tree.ts'
import type { ChunkSecrets } from './chunk-store.ts'

/** Bytes that are encrypted or hashed before others get their turn on the event loop: below a millisecond. */
const BYTES_PER_TURN = 512 * 1024

/**
 * Encrypts one chunk as it was when the video was shared, and hashes it. Undefined if the result is not the manifest's leaf: then the
 * plaintext is not what was shared, and sending it would use the key for a second plaintext.
 */
export async function sealVerified(
  secrets: ChunkSecrets,
  index: number,
  plaintext: Uint8Array
): Promise<Uint8Array | undefined> {
  const sealed = Buffer.allocUnsafeSlow(plaintext.length + TAG_LENGTH)
  let filled = 0
  const slices = secrets.cipher.sealSlices(index, plaintext)
  const isShared = await matchesLeaf(secrets, index, slices, slice => {
    sealed.set(slice, filled)
    filled += slice.length
  })
  return isShared ? sealed : undefined
}

/** Whether this plaintext is what was shared: as `sealVerified`, without keeping the ciphertext. */
export function isSharedPlaintext(
  secrets: ChunkSecrets,
  index: number,
  plaintext: Uint8Array
): Promise<boolean> {
  return matchesLeaf(secrets, index, secrets.cipher.sealSlices(index, plaintext))
}

/**
 * Verifies one chunk that a holder sent, then decrypts it. Undefined if its hash is not the manifest's leaf.
 * @throws PeerError CHUNK_INVALID when the hash is right and decrypting fails: the owner made it so
 */
export async function openVerified(
  secrets: ChunkSecrets,
  index: number,
  sealed: Uint8Array
): Promise<Uint8Array | undefined> {
  if (!(await matchesLeaf(secrets, index, slicesOf(sealed)))) return undefined
  if (sealed.length > BYTES_PER_TURN) await setImmediate()
  return secrets.cipher.open(index, sealed)
}

async function matchesLeaf(
  { leaves }: ChunkSecrets,
  index: number,
  slices: Iterable<Uint8Array>,
  take: (slice: Uint8Array) => void = () => undefined
): Promise<boolean> {
  // Several chunks may be ready in one turn: each begins in its own.
  await setImmediate()
  const hasher = leafHasher(index)
  let bytesInTurn = 0
  for (const slice of slices) {
    hasher.update(slice)
    take(slice)
    bytesInTurn += slice.length
    if (bytesInTurn < BYTES_PER_TURN) continue
    bytesInTurn = 0
    await setImmediate()
  }
  return Buffer.compare(hasher.digest(), leafAt(leaves, index)) === 0
}

function* slicesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += BYTES_PER_TURN) yield bytes.subarray(at, at + BYTES_PER_TURN)
}
