import assert from 'node:assert/strict'
import { leafHash, merkleRoot, verifyLeaves } from '../../../src/peer/content/merkle-tree.ts'
import { merkleTreeHash, referenceLeaf, sha256 } from './reference-implementation.ts'
import { counterBytes } from './reference-vectors.ts'

describe('Merkle tree', () => {
  const leavesOf = (count: number): Promise<Buffer[]> =>
    Promise.all(Array.from({ length: count }, (_, index) => sha256(counterBytes(4, index))))

  it('has the root of RFC 6962 for every number of leaves up to 70', async () => {
    for (let count = 0; count <= 70; count++) {
      const leaves = await leavesOf(count)
      assert.deepEqual(
        Buffer.from(merkleRoot(Buffer.concat(leaves))),
        await merkleTreeHash(leaves),
        `${count} leaves`
      )
    }
  })

  it('puts the index into each leaf', async () => {
    const sealed = counterBytes(100, 0)
    assert.deepEqual(Buffer.from(leafHash(7, sealed)), await referenceLeaf(7, sealed))
    assert.notDeepEqual(leafHash(7, sealed), leafHash(8, sealed))
  })

  it('accepts exactly the leaves under the root', async () => {
    const leaves = Buffer.concat(await leavesOf(13))
    const root = merkleRoot(leaves)
    assert.equal(verifyLeaves(leaves, 13, root), true)
    assert.equal(verifyLeaves(leaves, 12, root), false)
    assert.equal(verifyLeaves(leaves.subarray(0, -32), 12, root), false)
    assert.equal(verifyLeaves(leaves.subarray(0, -1), 13, root), false)
    for (const at of [0, 200, leaves.length - 1]) {
      const damaged = Buffer.from(leaves)
      damaged[at]! ^= 0x80
      assert.equal(verifyLeaves(damaged, 13, root), false)
    }
  })

  it('does not take an inner node for a leaf', async () => {
    const leaves = await leavesOf(4)
    const halves = [await merkleTreeHash(leaves.slice(0, 2)), await merkleTreeHash(leaves.slice(2))]
    const root = merkleRoot(Buffer.concat(leaves))
    assert.equal(verifyLeaves(Buffer.concat(halves), 4, root), false)
  })
})
