import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { generateKeyPair, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import fc from 'fast-check'
import {
  advance,
  distance,
  intervalOf,
  isBetween,
  isInRange,
  positionFromBytes,
  positionOfPeer,
  positionToBytes,
  positionToHex,
  shareOfRing
} from '../../../src/peer/chord/ring-position.ts'

const position = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(positionFromBytes)
const MAX = 2n ** 256n - 1n

describe('Ring positions', () => {
  it('cross bytes and hex unchanged', () => {
    fc.assert(
      fc.property(position, x => {
        assert.equal(positionFromBytes(positionToBytes(x)), x)
        assert.equal(BigInt(`0x${positionToHex(x)}`), x)
        assert.equal(positionToHex(x).length, 64)
      })
    )
    assert.throws(() => positionFromBytes(new Uint8Array(31)), RangeError)
  })

  it('are SHA-256 over the multihash of the peer id', async () => {
    // libp2p specs, peer-ids: an Ed25519 key is inlined (identity multihash), an RSA key is hashed.
    const ed25519 = await generateKeyPair('Ed25519')
    const inlined = Buffer.concat([Uint8Array.of(0x00, 0x24), publicKeyToProtobuf(ed25519.publicKey)])
    assert.equal(positionToHex(positionOfPeer(peerIdFromPrivateKey(ed25519).toString())), sha256(inlined))
    const rsa = await generateKeyPair('RSA', 2048)
    const digest = createHash('sha256').update(publicKeyToProtobuf(rsa.publicKey)).digest()
    const hashed = Buffer.concat([Uint8Array.of(0x12, 0x20), digest])
    assert.equal(positionToHex(positionOfPeer(peerIdFromPrivateKey(rsa).toString())), sha256(hashed))
    assert.throws(() => positionOfPeer('no peer id'))
  })

  it('wrap around', () => {
    assert.equal(distance(MAX, 0n), 1n)
    assert.equal(distance(5n, 3n), MAX - 1n)
    assert.equal(advance(MAX, 2n), 1n)
    assert.ok(isBetween(MAX - 1n, 0n, 3n))
    assert.ok(isBetween(3n, 0n, 2n))
  })

  it('have intervals without ends, and ranges with their end', () => {
    assert.ok(!isBetween(1n, 1n, 5n))
    assert.ok(!isBetween(1n, 5n, 5n))
    assert.ok(isBetween(1n, 4n, 5n))
    assert.ok(isInRange(1n, 5n, 5n))
    assert.ok(!isInRange(1n, 1n, 5n))
    assert.ok(isInRange(7n, 7n, 7n) && isInRange(7n, 3n, 7n), 'from a position to itself is the whole ring')
    assert.ok(isBetween(7n, 3n, 7n) && !isBetween(7n, 7n, 7n))
  })

  it('lie between two others in exactly one of the two arcs', () => {
    fc.assert(
      fc.property(position, position, position, (a, x, b) => {
        fc.pre(a !== b && x !== a && x !== b)
        assert.notEqual(isBetween(a, x, b), isBetween(b, x, a))
        assert.equal(distance(a, x) + distance(x, a), 2n ** 256n)
      })
    )
  })

  it('fall into the interval of the highest bit of their distance', () => {
    for (const bit of [0, 1, 3, 4, 7, 8, 127, 254, 255]) {
      assert.equal(intervalOf(2n ** BigInt(bit)), bit)
      assert.equal(intervalOf(2n ** BigInt(bit + 1) - 1n), bit)
    }
  })

  it('cover a share of the ring', () => {
    assert.equal(shareOfRing(2n ** 255n), 0.5)
    assert.equal(shareOfRing(0n), 0)
    assert.ok(shareOfRing(MAX) < 1)
  })
})

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
