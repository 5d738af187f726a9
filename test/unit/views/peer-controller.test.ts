import assert from 'node:assert/strict'
import { PeerError } from '../../../src/peer/errors.ts'
import { silentLogger } from '../../../src/peer/log.ts'
import { PeerController, type PeerControllerHost } from '../../../src/views/peer-controller.ts'
import { FakeOpenedPeer, fakeStatus, fakeVideo } from './fake-peer-api.ts'

function setUp(changes: Partial<PeerControllerHost> = {}) {
  const opened: FakeOpenedPeer[] = []
  const asked = { consent: 0 }
  const host: PeerControllerHost = {
    open: async () => {
      const peer = new FakeOpenedPeer()
      opened.push(peer)
      return peer
    },
    consent: async () => {
      asked.consent += 1
      return true
    },
    bootstrap: () => ['10.0.0.1:4001'],
    logger: silentLogger,
    ...changes
  }
  const controller = new PeerController(host)
  const states: string[] = []
  controller.events.on('state', state => states.push(state))
  return { controller, opened, asked, states }
}

describe('the peer of a window', () => {
  it('is not opened before it is used', () => {
    const { controller, opened } = setUp()
    assert.equal(controller.state, 'stopped')
    assert.equal(controller.api, undefined)
    assert.equal(opened.length, 0)
  })

  it('is opened once, however many ask', async () => {
    const { controller, opened } = setUp()
    const [first, second] = await Promise.all([controller.open(), controller.open()])
    assert.equal(first, second)
    assert.equal(opened.length, 1)
  })

  it('listens nowhere and asks nothing when it is only opened', async () => {
    const { controller, opened, asked } = setUp()
    await controller.open()
    assert.deepEqual(opened[0]?.api.calls, [])
    assert.equal(asked.consent, 0)
    assert.equal(controller.state, 'stopped')
  })

  it('joins with the configured addresses, after consent', async () => {
    const { controller, opened, asked, states } = setUp()
    assert.equal(await controller.join(), true)
    assert.equal(asked.consent, 1)
    assert.deepEqual(opened[0]?.api.calls, ['join 10.0.0.1:4001'])
    assert.deepEqual(states, ['starting', 'joined'])
  })

  it('touches nothing when the user declines', async () => {
    const { controller, opened, states } = setUp({ consent: async () => false })
    assert.equal(await controller.join(), false)
    assert.equal(opened.length, 0)
    assert.deepEqual(states, [])
  })

  it('asks once when several things want to join at a time', async () => {
    const { controller, opened, asked } = setUp()
    await Promise.all([controller.join(), controller.join()])
    assert.equal(asked.consent, 1)
    assert.equal(opened[0]?.api.calls.length, 1)
  })

  it('shows the state of a peer that another window runs, and does not ask again', async () => {
    const shared = new FakeOpenedPeer()
    shared.api.current = fakeStatus({ state: 'joined' })
    const { controller, asked } = setUp({ open: async () => shared })
    await controller.open()
    assert.equal(controller.state, 'joined')
    assert.equal(await controller.join(), true)
    assert.equal(asked.consent, 0)
    assert.deepEqual(shared.api.calls, [])
  })

  it('fails with the reason when the engine cannot be opened, and tries again next time', async () => {
    let works = false
    const peer = new FakeOpenedPeer()
    const { controller, states } = setUp({
      open: async () => {
        if (!works)
          throw new PeerError('DATA_FOLDER_BUSY', 'Another program uses the folder. Close it and try again.')
        return peer
      }
    })
    await assert.rejects(controller.join(), { code: 'DATA_FOLDER_BUSY' })
    assert.equal(controller.state, 'failed')
    assert.match(controller.failure?.message ?? '', /Another program/)
    works = true
    assert.equal(await controller.join(), true)
    assert.deepEqual(states, ['starting', 'failed', 'starting', 'joined'])
  })

  it('fails with the reason when joining fails', async () => {
    const peer = new FakeOpenedPeer()
    peer.api.onJoin = () =>
      Promise.reject(new PeerError('BOOTSTRAP_UNREACHABLE', 'No bootstrap peer answers.'))
    const { controller } = setUp({ open: async () => peer })
    await assert.rejects(controller.join(), { code: 'BOOTSTRAP_UNREACHABLE' })
    assert.equal(controller.state, 'failed')
  })

  it('stops joining when told to leave, which is no failure', async () => {
    const peer = new FakeOpenedPeer()
    const begun = Promise.withResolvers<void>()
    peer.api.onJoin = signal =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason))
        begun.resolve()
      })
    const { controller, states } = setUp({ open: async () => peer })
    const joining = controller.join()
    const ended = assert.rejects(joining, { code: 'ABORTED' })
    await begun.promise
    await controller.leave()
    await ended
    assert.equal(controller.state, 'stopped')
    assert.deepEqual(states, ['starting', 'stopped'])
  })

  it('closes a peer of which the first picture cannot be read', async () => {
    const peer = new FakeOpenedPeer()
    peer.api.videos = () => Promise.reject(new PeerError('CONTROL_LOST', 'The other window has gone.'))
    const { controller } = setUp({ open: async () => peer })
    await assert.rejects(controller.open(), { code: 'CONTROL_LOST' })
    assert.equal(peer.closed, 1)
    assert.equal(controller.state, 'failed')
  })

  it('opens anew with a restart, and joins again if it had', async () => {
    const { controller, opened } = setUp()
    await controller.join()
    await controller.restart()
    assert.equal(opened.length, 2)
    assert.equal(opened[0]?.closed, 1)
    assert.equal(controller.state, 'joined')
  })

  it('closes with the window, and forgets what it showed', async () => {
    const { controller, opened } = setUp()
    const api = await controller.open()
    controller.model.takeVideo(fakeVideo())
    await controller.close()
    assert.equal(opened[0]?.closed, 1)
    assert.deepEqual(controller.model.videos, [])
    assert.ok(api)
    await assert.rejects(controller.open(), /closing/)
  })
})
