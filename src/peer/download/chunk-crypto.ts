import { freeMemory } from '../buffer-pool.ts'
import { TAG_LENGTH } from '../content/chunk-cipher.ts'
import { leafAt, leafHasher } from '../content/merkle-tree.ts'
import { TurnBudget } from '../turn-budget.ts'
import type { ChunkSecrets } from './chunk-store.ts'

/** Bytes hashed and encrypted or decrypted in one turn of the event loop, by everybody on this thread: below a millisecond. */
const BYTES_PER_TURN = 512 * 1024
/** A large chunk is worked on in parts. */
const PART_BYTES = 256 * 1024

const turn = new TurnBudget(BYTES_PER_TURN)

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
  const isShared = await matchesLeaf(secrets, index, sealed.length, slices, slice => {
    sealed.set(slice, filled)
    filled += slice.length
    freeMemory(slice)
  })
  return isShared ? sealed : undefined
}

/** Whether this plaintext is what was shared: as `sealVerified`, without keeping the ciphertext. */
export function isSharedPlaintext(
  secrets: ChunkSecrets,
  index: number,
  plaintext: Uint8Array
): Promise<boolean> {
  const slices = secrets.cipher.sealSlices(index, plaintext)
  return matchesLeaf(secrets, index, plaintext.length + TAG_LENGTH, slices, freeMemory)
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
  if (!(await isVerified(secrets, index, sealed))) return undefined
  if (sealed.length > PART_BYTES) await turn.take(sealed.length)
  return secrets.cipher.open(index, sealed)
}

/** Whether the hash of one chunk that a holder sent is the manifest's leaf: needs no key. */
export function isVerified(
  secrets: Pick<ChunkSecrets, 'leaves'>,
  index: number,
  sealed: Uint8Array
): Promise<boolean> {
  return matchesLeaf(secrets, index, sealed.length, partsOf(sealed))
}

async function matchesLeaf(
  { leaves }: Pick<ChunkSecrets, 'leaves'>,
  index: number,
  length: number,
  slices: Iterable<Uint8Array>,
  take: (slice: Uint8Array) => void = () => undefined
): Promise<boolean> {
  const hasher = leafHasher(index)
  let done = 0
  let allowed = await nextPart(length)
  for (const slice of slices) {
    hasher.update(slice)
    take(slice)
    done += slice.length
    if (done >= allowed && done < length) allowed += await nextPart(length - done)
  }
  return Buffer.compare(hasher.digest(), leafAt(leaves, index)) === 0
}

async function nextPart(bytesLeft: number): Promise<number> {
  const part = Math.min(PART_BYTES, bytesLeft)
  await turn.take(part)
  return part
}

function* partsOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PART_BYTES) yield bytes.subarray(at, at + PART_BYTES)
}
