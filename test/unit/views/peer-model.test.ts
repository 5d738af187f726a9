import assert from 'node:assert/strict'
import { PeerModel } from '../../../src/views/peer-model.ts'
import { FakePeerApi, fakePeer, fakeStatus, fakeVideo } from './fake-peer-api.ts'

async function attached() {
  const api = new FakePeerApi()
  api.current = fakeStatus()
  api.library = [fakeVideo({ digest: 'a', addedAt: 1 }), fakeVideo({ digest: 'b', addedAt: 2 })]
  api.connected = [fakePeer()]
  const model = new PeerModel()
  await model.attach(api)
  return { api, model }
}

describe('what is known of the peer', () => {
  it('is complete as soon as it is attached, the newest video first', async () => {
    const { model } = await attached()
    assert.deepEqual(
      model.videos.map(({ digest }) => digest),
      ['b', 'a']
    )
    assert.equal(model.status?.state, 'joined')
    assert.equal(model.peers.length, 1)
  })

  it('tells a change of one video apart from a change of the set', async () => {
    const { api, model } = await attached()
    const heard: string[] = []
    model.events.on('video', ({ digest }) => heard.push(`video ${digest}`))
    model.events.on('videos', () => heard.push('videos'))
    api.emit('video', fakeVideo({ digest: 'a', have: 3 }))
    api.emit('video', fakeVideo({ digest: 'c' }))
    api.emit('videoRemoved', { digest: 'c' })
    api.emit('videoRemoved', { digest: 'never seen' })
    assert.deepEqual(heard, ['video a', 'videos', 'video c', 'videos'])
    assert.equal(model.video('a')?.have, 3)
  })

  it('is read again when the peer comes back, as after another window took over', async () => {
    const { api, model } = await attached()
    api.emit('status', fakeStatus({ state: 'starting' }))
    api.library = [fakeVideo({ digest: 'z' })]
    const reread = new Promise<void>(resolve => {
      model.events.on('videos', () => resolve())
    })
    api.emit('status', fakeStatus())
    await reread
    assert.deepEqual(
      model.videos.map(({ digest }) => digest),
      ['z']
    )
  })

  it('keeps what events tell while it is being read', async () => {
    const api = new FakePeerApi()
    api.current = fakeStatus({ state: 'stopped' })
    api.library = [fakeVideo({ digest: 'a', have: 1 }), fakeVideo({ digest: 'gone' })]
    const model = new PeerModel()
    const attaching = model.attach(api)
    api.emit('status', fakeStatus({ state: 'starting' }))
    api.emit('video', fakeVideo({ digest: 'a', have: 4 }))
    api.emit('video', fakeVideo({ digest: 'new' }))
    api.emit('videoRemoved', { digest: 'gone' })
    await attaching
    assert.equal(model.status?.state, 'starting')
    assert.deepEqual(model.videos.map(({ digest, have }) => `${digest} ${have}`).sort(), ['a 4', 'new 2'])
  })

  it('is forgotten when detached, and the peer is not listened to any more', async () => {
    const { api, model } = await attached()
    model.detach()
    api.emit('video', fakeVideo())
    assert.deepEqual(model.videos, [])
    assert.equal(model.status, undefined)
  })
})
