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
 * Encrypts one chunk as it was when the video was shared. Undefined if the result is not what the manifest says: then the plaintext is not
 * what was shared, and sending it would use the key for a second plaintext.
 */
export async function sealVerified(
  secrets: ChunkSecrets,
  index: number,
  plaintext: Uint8Array
): Promise<Uint8Array | undefined> {
  const sealed = Buffer.allocUnsafeSlow(plaintext.length + TAG_LENGTH)
  let filled = 0
  const isShared = await sealAndCheck(secrets, index, plaintext, slice => {
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
  return sealAndCheck(secrets, index, plaintext, freeMemory)
}

/** Encrypts one chunk; whether its tag is the known one, or else its hash the manifest's leaf. */
async function sealAndCheck(
  secrets: ChunkSecrets,
  index: number,
  plaintext: Uint8Array,
  take: (slice: Uint8Array) => void
): Promise<boolean> {
  const { cipher, leaves, tags } = secrets
  const known = tags.get(index)
  const hasher = known ? undefined : leafHasher(index)
  let tag = new Uint8Array(TAG_LENGTH)
  await inParts(plaintext.length + TAG_LENGTH, cipher.sealSlices(index, plaintext), slice => {
    hasher?.update(slice)
    // The last one is the tag.
    if (slice.length === TAG_LENGTH) tag = Uint8Array.from(slice)
    take(slice)
  })
  if (!hasher) return known !== undefined && Buffer.compare(tag, known) === 0
  const isShared = Buffer.compare(hasher.digest(), leafAt(leaves, index)) === 0
  if (isShared) tags.note(index, tag)
  return isShared
}

/**
 * Verifies one chunk that a holder sent, then decrypts it in its place. Undefined if its hash is not the manifest's leaf.
 * @throws PeerError CHUNK_INVALID when the hash is right and decrypting fails: the owner made it so
 */
export async function openVerified(
  secrets: ChunkSecrets,
  index: number,
  sealed: Uint8Array
): Promise<Uint8Array | undefined> {
  if (!(await isVerified(secrets, index, sealed))) return undefined
  if (sealed.length > PART_BYTES) await turn.take(sealed.length)
  const plaintext = secrets.cipher.openInPlace(index, sealed)
  secrets.tags.note(index, sealed.subarray(-TAG_LENGTH))
  return plaintext
}

/** Whether the hash of one chunk that a holder sent is the manifest's leaf: needs no key. */
export async function isVerified(
  { leaves }: Pick<ChunkSecrets, 'leaves'>,
  index: number,
  sealed: Uint8Array
): Promise<boolean> {
  const hasher = leafHasher(index)
  await inParts(sealed.length, partsOf(sealed), part => hasher.update(part))
  return Buffer.compare(hasher.digest(), leafAt(leaves, index)) === 0
}

/** Calls `work` with each slice, and gives way to others between parts. */
async function inParts(
  length: number,
  slices: Iterable<Uint8Array>,
  work: (slice: Uint8Array) => void
): Promise<void> {
  let done = 0
  let allowed = await nextPart(length)
  for (const slice of slices) {
    // Whoever works may give its memory back.
    done += slice.length
    work(slice)
    if (done >= allowed && done < length) allowed += await nextPart(length - done)
  }
}

async function nextPart(bytesLeft: number): Promise<number> {
  const part = Math.min(PART_BYTES, bytesLeft)
  await turn.take(part)
  return part
}

function* partsOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PART_BYTES) yield bytes.subarray(at, at + PART_BYTES)
}
