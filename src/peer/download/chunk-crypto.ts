import { setImmediate } from 'node:timers/promises'
import { chunkMatchesLeaf } from '../content/merkle-tree.ts'
import type { ChunkSecrets } from './chunk-store.ts'

/** From this size on, a chunk is sealed on another thread: on this one it would hold up the event loop for milliseconds. */
const BACKGROUND_BYTES = 1024 * 1024

/**
 * Encrypts one chunk as it was when the video was shared, and hashes it. Undefined if the result is not the manifest's leaf: then the
 * plaintext is not what was shared, and sending it would use the key for a second plaintext.
 */
export async function sealVerified(
  { cipher, leaves }: ChunkSecrets,
  index: number,
  plaintext: Uint8Array
): Promise<Uint8Array | undefined> {
  await setImmediate()
  const inBackground = plaintext.length >= BACKGROUND_BYTES
  const sealed = inBackground
    ? await cipher.sealInBackground(index, plaintext)
    : cipher.seal(index, plaintext)
  return chunkMatchesLeaf(leaves, index, sealed) ? sealed : undefined
}

/**
 * Verifies one chunk that a holder sent, then decrypts it. Undefined if its hash is not the manifest's leaf.
 * @throws PeerError CHUNK_INVALID when the hash is right and decrypting fails: the owner made it so
 */
export async function openVerified(
  { cipher, leaves }: ChunkSecrets,
  index: number,
  sealed: Uint8Array
): Promise<Uint8Array | undefined> {
  await setImmediate()
  if (!chunkMatchesLeaf(leaves, index, sealed)) return undefined
  if (sealed.length >= BACKGROUND_BYTES) await setImmediate()
  return cipher.open(index, sealed)
}
