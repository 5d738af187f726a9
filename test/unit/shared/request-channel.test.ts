import assert from 'node:assert/strict'
import { RequestChannel } from '../../../src/shared/request-channel.ts'

interface Requests {
  answer: number
}

function setUp() {
  const sent: { id: number; name: string }[] = []
  const timers = new Set<() => void>()
  const channel = new RequestChannel<Requests>(
    message => sent.push(message),
    1000,
    callback => {
      timers.add(callback)
      return () => timers.delete(callback)
    }
  )
  return { channel, sent, timers }
}

describe('requests of a webview', () => {
  it('are answered by their number, in any order', async () => {
    const { channel, sent } = setUp()
    const answers = [channel.request('answer'), channel.request('answer')]
    channel.accept({ kind: 'reply', id: sent[1]?.id ?? 0, value: 2 })
    channel.accept({ kind: 'reply', id: sent[0]?.id ?? 0, value: 1 })
    assert.deepEqual(await Promise.all(answers), [1, 2])
  })

  it('fail with the sentence of the other side', async () => {
    const { channel, sent } = setUp()
    const answer = channel.request('answer')
    channel.accept({ kind: 'error', id: sent[0]?.id ?? 0, message: 'The video is gone.' })
    await assert.rejects(answer, /The video is gone/)
  })

  it('fail at their deadline', async () => {
    const { channel, timers } = setUp()
    const answer = channel.request('answer')
    for (const expire of timers) expire()
    await assert.rejects(answer, /did not answer in time/)
  })

  it('leave no timer behind once answered', async () => {
    const { channel, sent, timers } = setUp()
    const answer = channel.request('answer')
    channel.accept({ kind: 'reply', id: sent[0]?.id ?? 0, value: 1 })
    await answer
    assert.equal(timers.size, 0)
  })

  it('fail when the view is closed, also those made afterwards', async () => {
    const { channel } = setUp()
    const before = channel.request('answer')
    channel.dispose()
    await assert.rejects(before, /closed/)
    await assert.rejects(channel.request('answer'), /closed/)
  })

  it('do not mind answers that come twice or to nothing', async () => {
    const { channel, sent } = setUp()
    const answer = channel.request('answer')
    const id = sent[0]?.id ?? 0
    channel.accept({ kind: 'reply', id: 99, value: 0 })
    channel.accept({ kind: 'reply', id, value: 1 })
    channel.accept({ kind: 'error', id, message: 'late' })
    assert.equal(await answer, 1)
  })
})
