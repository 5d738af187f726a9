import { createHash, type Hash } from 'node:crypto'

/** Bytes of a leaf, a node and the root: SHA-256. */
export const HASH_LENGTH = 32

const LEAF_PREFIX = 0
const NODE_PREFIX = 1

/**
 * The leaf of one chunk: SHA-256(0x00 ‖ index as 32 bits, big-endian ‖ ciphertext and tag).
 * Over ciphertext, so that a peer without the key can verify. The reference for `leafHasher`, which the engine uses.
 */
export function leafHash(index: number, sealed: Uint8Array): Uint8Array {
  return leafHasher(index).update(sealed).digest()
}

/** Computes a leaf from a chunk that comes in slices: update it with each, the digest is the leaf. */
export function leafHasher(index: number): Hash {
  const head = Buffer.alloc(5)
  head.writeUInt8(LEAF_PREFIX, 0)
  head.writeUInt32BE(index, 1)
  return createHash('sha256').update(head)
}

/** Leaf `index` of the concatenated leaves, as a view. */
export function leafAt(leaves: Uint8Array, index: number): Uint8Array {
  return leaves.subarray(index * HASH_LENGTH, (index + 1) * HASH_LENGTH)
}

/**
 * Computes the root of a Merkle tree (the shape of RFC 6962, section 2.1) leaf by leaf, so that 32,768 leaves need not
 * be hashed in one go. It keeps one node for each complete subtree: the binary digits of the number of leaves.
 */
export class MerkleTreeBuilder {
  readonly #subtrees: (Uint8Array | undefined)[] = []

  append(leaf: Uint8Array): void {
    let node = leaf
    let level = 0
    for (let left = this.#subtrees[level]; left; left = this.#subtrees[level]) {
      node = nodeHash(left, node)
      this.#subtrees[level] = undefined
      level++
    }
    this.#subtrees[level] = node
  }

  /** The root over what was appended; SHA-256 of nothing for no leaves. */
  root(): Uint8Array {
    let root: Uint8Array | undefined
    for (const subtree of this.#subtrees) {
      if (subtree) root = root ? nodeHash(subtree, root) : subtree
    }
    return new Uint8Array(root ?? createHash('sha256').digest())
  }
}

/** The root over concatenated leaves of 32 bytes each. */
export function merkleRoot(leaves: Uint8Array): Uint8Array {
  const builder = new MerkleTreeBuilder()
  for (let index = 0; index < leaves.length / HASH_LENGTH; index++) builder.append(leafAt(leaves, index))
  return builder.root()
}

/** Whether these are exactly the `count` leaves under `root`. A tree of other length never passes, whatever its root. */
export function verifyLeaves(leaves: Uint8Array, count: number, root: Uint8Array): boolean {
  return leaves.length === count * HASH_LENGTH && Buffer.compare(merkleRoot(leaves), root) === 0
}

function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return createHash('sha256').update(Uint8Array.of(NODE_PREFIX)).update(left).update(right).digest()
}
