import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { type Clock, systemClock } from '../../../src/peer/clock.ts'
import { PeerError } from '../../../src/peer/errors.ts'
import { BusyError } from '../../../src/peer/exchange/busy-error.ts'
import { requestKey } from '../../../src/peer/exchange/key-exchange.ts'
import { KeyServer, type KeyServerInit } from '../../../src/peer/exchange/key-server.ts'
import type { VideoSecrets } from '../../../src/peer/exchange/opening.ts'
import { createLogger } from '../../../src/peer/log.ts'
import { systemRandom } from '../../../src/peer/random.ts'
import { CLIENT_ID, patience, SERVER_ID } from './exchange-pair.ts'
import { MuxerPair } from './stream-pair.ts'
import { VirtualClock } from './virtual-clock.ts'

const VIDEO: VideoSecrets = { digest: 'ab'.repeat(32), proofKey: new Uint8Array(32).fill(7) }
const REQUEST = Buffer.from('signed request')

class KeyPair {
  readonly muxers = new MuxerPair()
  readonly handled: Promise<void>[] = []
  readonly log: string[] = []
  readonly clock: Clock
  readonly server: KeyServer

  constructor(grantFor: KeyServerInit['grantFor'], clock: Clock = systemClock) {
    this.clock = clock
    this.server = new KeyServer({
      videos: digest => (digest === VIDEO.digest ? VIDEO : undefined),
      grantFor,
      ownPeerId: SERVER_ID,
      clock,
      random: systemRandom,
      log: createLogger('exchange', line => this.log.push(`${line.level} ${line.message}`))
    })
  }

  ask(secrets = VIDEO, request: Uint8Array = REQUEST): Promise<Uint8Array> {
    return requestKey(
      {
        openStream: async () => {
          const [dialled, accepted] = await this.muxers.open()
          this.handled.push(this.server.handle(accepted, CLIENT_ID))
          return dialled
        },
        target: { peerId: SERVER_ID, addresses: [] },
        secrets,
        ownPeerId: CLIENT_ID,
        request,
        clock: this.clock,
        random: systemRandom
      },
      patience()
    )
  }
}

describe('key exchange', () => {
  it('carries a request to the granter and its grant back', async () => {
    const pair = new KeyPair(async (digest, request, peerId) =>
      Buffer.from(`${digest.slice(0, 4)} ${Buffer.from(request)} ${peerId}`)
    )
    assert.equal(Buffer.from(await pair.ask()).toString(), `abab ${REQUEST} ${CLIENT_ID}`)
    await Promise.all(pair.handled)
    assert.equal(pair.muxers.acceptedStreams, 0)
    assert.match(pair.log.join('\n'), /info Granted the key/)
  })

  it('says no more than that the key was denied', async () => {
    const errors = [
      new PeerError('KEY_DENIED', 'not on the list'),
      new PeerError('SIGNATURE_INVALID', 'forged')
    ]
    for (const error of errors) {
      const pair = new KeyPair(() => Promise.reject(error))
      await assert.rejects(pair.ask(), { code: 'KEY_DENIED', message: /Ask its owner/ })
      assert.match(pair.log.join('\n'), new RegExp(`warn .*${error.message}`))
    }
  })

  it('asks nobody for a grant before the ID is proven', async () => {
    let asked = 0
    const pair = new KeyPair(async () => {
      asked++
      return REQUEST
    })
    const wrong = [
      { ...VIDEO, proofKey: new Uint8Array(32) },
      { ...VIDEO, digest: 'cd'.repeat(32) }
    ]
    for (const secrets of wrong) await assert.rejects(pair.ask(secrets), { code: 'PROOF_INVALID' })
    assert.equal(asked, 0)
  })

  it('limits how often one peer may ask', async () => {
    const clock = new VirtualClock()
    const pair = new KeyPair(async () => REQUEST, clock)
    for (let count = 0; count < 10; count++) await pair.ask()
    const refused = await pair.ask().catch((error: unknown) => error)
    assert.ok(refused instanceof BusyError)
    assert.equal(refused.retryAfter, 60_000)
    await clock.advance(60_000)
    await pair.ask()
  })

  it('refuses a request over its limit', async () => {
    const pair = new KeyPair(async () => REQUEST)
    await assert.rejects(pair.ask(VIDEO, new Uint8Array(4097)), { code: 'PEER_UNREACHABLE' })
    await assert.rejects(pair.ask(VIDEO, new Uint8Array(100_000)), { code: 'PEER_UNREACHABLE' })
    await Promise.all(pair.handled)
  })

  it('gives up a granter that does not decide', async () => {
    const clock = new VirtualClock()
    let asked = (): void => undefined
    const isAsked = new Promise<void>(resolve => {
      asked = resolve
    })
    const pair = new KeyPair((_digest, _request, _peerId, signal) => {
      asked()
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    }, clock)
    const outcome = pair.ask().catch((error: unknown) => (error as PeerError).code)
    await isAsked
    await clock.advance(120_000)
    assert.match(String(await outcome), /TIMEOUT|KEY_DENIED/)
    await Promise.all(pair.handled)
  })
})
