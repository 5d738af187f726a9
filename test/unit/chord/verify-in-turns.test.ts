import assert from 'node:assert/strict'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { verifyInTurns } from '../../../src/peer/chord/record/verify-in-turns.ts'
import { signPayload, verifyPayload } from '../../../src/peer/wire/signature.ts'
import { signerOf } from './libp2p-peer.ts'

describe('checking signatures in turns', () => {
  it('answers as the check does', async () => {
    const signer = signerOf(await generateKeyPair('Ed25519'))
    const payload = new Uint8Array([1, 2, 3])
    const signature = await signPayload(signer, 'provider-record', 1, payload)
    const verify = verifyInTurns(verifyPayload)
    assert.equal(await verify(signer.publicKey, 'provider-record', 1, payload, signature), true)
    assert.equal(await verify(signer.publicKey, 'tombstone', 1, payload, signature), false)
  })

  it('lets the event loop go on while many are checked', async () => {
    const checkForMilliseconds = async (): Promise<boolean> => {
      for (const end = performance.now() + 2; performance.now() < end; );
      return true
    }
    const verify = verifyInTurns(checkForMilliseconds)
    const signature = { algorithm: 'ed25519', signature: new Uint8Array() } as const
    let turns = 0
    const ticking = setInterval(() => turns++, 1)
    for (let checks = 0; checks < 100; checks++)
      await verify(new Uint8Array(), 'x', 1, new Uint8Array(), signature)
    clearInterval(ticking)
    assert.ok(turns >= 10, `${turns} turns of timers`)
  })
})
