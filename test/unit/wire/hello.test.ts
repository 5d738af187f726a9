import assert from 'node:assert/strict'
import { streamPair } from '@libp2p/utils'
import { FrameChannel } from '../../../src/peer/wire/frame-channel.ts'
import { agree, exchangeHello, type Hello } from '../../../src/peer/wire/hello.ts'

const hello = (fields: Partial<Hello> = {}): Hello => ({ versions: [1], features: [], limits: {}, ...fields })
const signal = () => AbortSignal.timeout(5_000)

describe('HELLO', () => {
  it('settles on the highest version that both speak', () => {
    assert.equal(agree(hello({ versions: [1, 2, 3] }), hello({ versions: [2, 3, 4] })).version, 3)
  })

  it('says that an upgrade is needed when there is none', () => {
    assert.throws(() => agree(hello(), hello({ versions: [2] })), { code: 'UPGRADE_NEEDED' })
    assert.throws(() => agree(hello(), hello({ versions: [] })), { code: 'UPGRADE_NEEDED' })
  })

  it('refuses a critical feature that it does not know, and takes one that it does', () => {
    assert.throws(() => agree(hello(), hello({ critical: ['shiny'] })), { code: 'UPGRADE_NEEDED' })
    assert.equal(agree(hello({ features: ['shiny'] }), hello({ critical: ['shiny'] })).version, 1)
  })

  it('is exchanged by both sides at once, keeping limits and unknown fields', async () => {
    const [left, right] = (await streamPair()).map(
      stream => new FrameChannel(stream, { maxFrameBytes: 4096 })
    ) as [FrameChannel, FrameChannel]
    const [agreement] = await Promise.all([
      exchangeHello(left, hello(), signal()),
      exchangeHello(right, { ...hello({ limits: { frameBytes: 7 } }), mood: 'good' } as Hello, signal())
    ])
    assert.deepEqual(agreement.remote.limits, { frameBytes: 7 })
    assert.equal((agreement.remote as unknown as { mood: string }).mood, 'good')
  })

  it('refuses anything else as the first message', async () => {
    const [left, right] = (await streamPair()).map(
      stream => new FrameChannel(stream, { maxFrameBytes: 4096 })
    ) as [FrameChannel, FrameChannel]
    await right.send({ type: 'hello', versions: ['1'], features: [], limits: {} }, signal())
    await assert.rejects(exchangeHello(left, hello(), signal()), { code: 'FRAME_INVALID' })
  })
})
