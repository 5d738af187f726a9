import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PeerApi, PeerEventName, PeerEvents } from '../../../src/peer/api.ts'
import { ControlClient } from '../../../src/peer/control/control-client.ts'
import { claimControl } from '../../../src/peer/control/control-lock.ts'
import {
  PEER_METHOD_NAMES,
  PEER_METHODS,
  type PeerMethod
} from '../../../src/peer/control/control-protocol.ts'
import { CONTROL_LIMITS, ControlServer } from '../../../src/peer/control/control-server.ts'
import { PeerError } from '../../../src/peer/errors.ts'
import { followLookup } from '../../../src/peer/follow-lookup.ts'
import { silentLogger } from '../../../src/peer/log.ts'
import { DIGEST, FakePeer, VIDEO } from './fake-peer.ts'

describe('control socket', () => {
  let folder: string
  let peer: FakePeer
  let server: ControlServer
  let client: ControlClient

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chordcast-test-'))
    peer = new FakePeer()
    const claim = await claimControl(folder, true)
    assert.equal(claim?.role, 'owner')
    if (claim?.role === 'owner') {
      server = new ControlServer(claim.lock, Promise.resolve(peer), silentLogger, {
        ...CONTROL_LIMITS,
        clients: 4,
        requests: 3
      })
    }
    client = await connectClient()
  })

  afterEach(async () => {
    client.close()
    await server.close()
    await rm(folder, { recursive: true })
  })

  async function connectSocket() {
    const claim = await claimControl(folder, false)
    assert.equal(claim?.role, 'client')
    if (claim?.role !== 'client') throw new Error('unreachable')
    return claim.socket
  }

  async function connectClient(heir = true): Promise<ControlClient> {
    return await ControlClient.connect(await connectSocket(), heir, silentLogger)
  }

  const calls: { [M in PeerMethod]: { values: Parameters<PeerApi[M]>; seen: unknown[] } } = {
    status: { values: [], seen: [] },
    join: { values: [['127.0.0.1:4001']], seen: [['127.0.0.1:4001']] },
    leave: { values: [], seen: [] },
    share: { values: ['/a b.webm', { policy: 'open' }], seen: ['/a b.webm', { policy: 'open' }] },
    fetch: {
      values: ['bafy', { output: '/out', overwrite: true }],
      seen: ['bafy', { output: '/out', overwrite: true }]
    },
    pause: { values: [DIGEST], seen: [DIGEST] },
    resume: { values: [DIGEST], seen: [DIGEST] },
    stopSharing: { values: [DIGEST], seen: [DIGEST] },
    remove: { values: [DIGEST, true], seen: [DIGEST, true] },
    setListed: { values: [DIGEST, true], seen: [DIGEST, true] },
    catalogue: { values: [500], seen: [500] },
    videos: { values: [], seen: [] },
    connectedPeers: { values: [], seen: [] },
    chunkMap: { values: [DIGEST], seen: [DIGEST] },
    inspect: { values: ['/a.mp4'], seen: ['/a.mp4'] },
    poster: { values: [DIGEST], seen: [DIGEST] },
    captions: { values: [DIGEST], seen: [DIGEST] },
    link: { values: [DIGEST], seen: [DIGEST] },
    lookup: { values: ['bafy', { name: 'mine' }], seen: ['bafy', { name: 'mine' }] },
    verify: { values: ['/a', 'bafy'], seen: ['/a', 'bafy'] },
    streamOrigin: { values: [], seen: [] },
    expectPlayer: { values: [DIGEST], seen: [DIGEST] },
    streamUrl: { values: [DIGEST], seen: [DIGEST] },
    allowStreamHost: { values: ['localhost:8080'], seen: ['localhost:8080'] }
  }

  for (const method of PEER_METHOD_NAMES) {
    it(`carries ${method} and its answer`, async () => {
      const { values, seen } = calls[method]
      const local: unknown = await Reflect.apply(
        new FakePeer()[method],
        Object.assign(new FakePeer(), peer),
        values
      )
      const remote: unknown = await Reflect.apply(client.api[method], client.api, values)
      assert.deepEqual(remote, local)
      assert.deepEqual(peer.calls.at(-1), [method, ...seen])
    })
  }

  it('gives a stream longer than the peer waits for the first bytes of its video', () => {
    assert.ok(Number(PEER_METHODS.streamUrl.deadline) > 30_000)
  })

  it('leaves out what the caller left out', async () => {
    await client.api.share('/a.webm', undefined, new AbortController().signal)
    assert.deepEqual(peer.calls.at(-1), ['share', '/a.webm', undefined])
    await client.api.remove(DIGEST)
    assert.deepEqual(peer.calls.at(-1)?.slice(0, 2), ['remove', DIGEST])
  })

  const payloads: PeerEvents = {
    status: {
      state: 'joined',
      peerId: 'Qm',
      addresses: [],
      dataFolder: '/d',
      uploadBytesPerSecond: 1,
      downloadBytesPerSecond: 2,
      sentBytes: 0,
      receivedBytes: 0,
      connections: 3
    },
    video: VIDEO,
    videoRemoved: { digest: DIGEST },
    peers: [],
    shareProgress: { path: '/a', bytes: 2, bytesDone: 1 },
    lookupStep: { name: 'mine', step: { hop: 1, peerId: 'Qm', outcome: 'owner', milliseconds: 2 } },
    log: { time: 1, level: 'info', component: 'chord', message: 'joined' }
  }

  for (const event of Object.keys(payloads) as PeerEventName[]) {
    it(`forwards the event ${event} to whoever listens`, async () => {
      const received = new Promise(resolve => client.api.on(event, resolve))
      await client.api.status()
      peer.events.emit(event, payloads[event])
      assert.deepEqual(await received, payloads[event])
    })
  }

  it('stops forwarding an event once nobody listens', async () => {
    const seen: unknown[] = []
    const unsubscribe = client.api.on('log', line => seen.push(line))
    await client.api.status()
    unsubscribe()
    unsubscribe()
    await client.api.status()
    peer.events.emit('log', payloads.log)
    await client.api.status()
    assert.deepEqual(seen, [])
  })

  it('rebuilds a PeerError with its code and sentence', async () => {
    peer.answers.pause = () =>
      Promise.reject(new PeerError('VIDEO_UNKNOWN', 'No such video. Refresh the list.'))
    await assert.rejects(client.api.pause(DIGEST), (error: unknown) => {
      assert.ok(error instanceof PeerError)
      assert.equal(error.code, 'VIDEO_UNKNOWN')
      assert.equal(error.message, 'No such video. Refresh the list.')
      return true
    })
  })

  it('cancels at the owner what the caller aborts', async () => {
    const cancelled = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    peer.answers.lookup = (_, _options, signal) => {
      signal?.addEventListener('abort', () => cancelled.resolve())
      begun.resolve()
      return new Promise(() => undefined)
    }
    const abort = new AbortController()
    const call = client.api.lookup('bafy', {}, abort.signal)
    await begun.promise
    abort.abort()
    await assert.rejects(call, { code: 'ABORTED' })
    await cancelled.promise
  })

  it('tells the hops of a look-up as they happen, to whoever asked for it', async () => {
    const goOn = Promise.withResolvers<void>()
    const step = { hop: 1, peerId: 'QmHop', outcome: 'owner', milliseconds: 2 } as const
    peer.answers.lookup = async (_, options) => {
      peer.events.emit('lookupStep', { name: 'of somebody else', step: { ...step, hop: 9 } })
      peer.events.emit('lookupStep', { name: options?.name ?? '', step })
      await goOn.promise
      return { digest: DIGEST, steps: [step], holders: [] }
    }
    const heard: number[] = []
    const result = await followLookup(client.api, 'bafy', ({ hop }) => {
      heard.push(hop)
      goOn.resolve()
    })
    assert.deepEqual([heard, result.steps], [[1], [step]])
  })

  it('cancels the calls of a client that goes away', async () => {
    const cancelled = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    peer.answers.share = (_path, _options, signal) => {
      signal?.addEventListener('abort', () => cancelled.resolve())
      begun.resolve()
      return new Promise(() => undefined)
    }
    const call = assert.rejects(client.api.share('/a'), { code: 'CONTROL_LOST' })
    await begun.promise
    client.close()
    await Promise.all([call, cancelled.promise])
  })

  it('rejects waiting calls with CONTROL_LOST when the owner goes', async () => {
    const begun = Promise.withResolvers<void>()
    peer.answers.pause = () => {
      begun.resolve()
      return new Promise(() => undefined)
    }
    const call = assert.rejects(client.api.pause(DIGEST), { code: 'CONTROL_LOST' })
    await begun.promise
    await server.close()
    await Promise.all([call, client.lost])
    await assert.rejects(client.api.status(), { code: 'CONTROL_LOST' })
  })

  it('refuses arguments of a wrong shape, and goes on', async () => {
    await assert.rejects(client.api.pause('../../etc/passwd'), { code: 'PROTOCOL_VIOLATION' })
    await assert.rejects(client.api.join([42 as unknown as string]), { code: 'PROTOCOL_VIOLATION' })
    assert.deepEqual(peer.calls, [])
    assert.equal((await client.api.status()).state, 'stopped')
  })

  it('turns away requests beyond the bound with BUSY', async () => {
    const release = Promise.withResolvers<void>()
    peer.answers.pause = () => release.promise
    const held = [1, 2, 3].map(() => client.api.pause(DIGEST))
    await assert.rejects(client.api.pause(DIGEST), { code: 'BUSY' })
    release.resolve()
    await Promise.all(held)
  })

  it('turns away clients beyond the bound', async () => {
    const others = [await connectClient(), await connectClient(), await connectClient()]
    await assert.rejects(connectClient(), { code: 'CONTROL_LOST' })
    for (const other of others) other.close()
  })

  it('counts as heirs only clients that will take over', async () => {
    assert.equal(server.heirs, 1)
    const visitor = await connectClient(false)
    assert.equal(server.heirs, 1)
    visitor.close()
  })

  it('closes a client that sends no valid frame, and serves the others', async () => {
    for (const bytes of [
      'x'.repeat(300),
      'Content-Length: 99999999\r\n\r\n',
      'Content-Length: abc\r\n\r\n',
      'Content-Length: 4\r\n\r\n{"a}',
      'Content-Length: 4\r\n\r\nnull',
      'Content-Length: 60\r\n\r\n{"jsonrpc":"2.0","method":"$/cancelRequest","params":null   }'
    ]) {
      const socket = await connectSocket()
      const closed = new Promise(resolve => socket.once('close', resolve))
      socket.resume()
      socket.write(bytes)
      await closed
    }
    assert.equal((await client.api.status()).state, 'stopped')
  })

  it('refuses a client of another protocol version with UPGRADE_NEEDED', async () => {
    const socket = await connectSocket()
    const body = '{"jsonrpc":"2.0","id":1,"method":"chordcast/hello","params":[{"version":99,"heir":true}]}'
    const answer = new Promise<string>(resolve => socket.once('data', data => resolve(String(data))))
    socket.write(`Content-Length: ${body.length}\r\n\r\n${body}`)
    assert.match(await answer, /UPGRADE_NEEDED/)
    assert.equal(server.heirs, 1)
    socket.destroy()
  })

  it('answers nothing before the hello', async () => {
    const socket = await connectSocket()
    const body = '{"jsonrpc":"2.0","id":1,"method":"videos","params":[]}'
    const answer = new Promise<string>(resolve => socket.once('data', data => resolve(String(data))))
    socket.write(`Content-Length: ${body.length}\r\n\r\n${body}`)
    assert.match(await answer, /PROTOCOL_VIOLATION/)
    assert.deepEqual(peer.calls, [])
    socket.destroy()
  })

  it('drops a client that does not read its events', async () => {
    const slow = await connectSocket()
    const body = '{"jsonrpc":"2.0","id":1,"method":"chordcast/hello","params":[{"version":1,"heir":true}]}'
    const subscribe = '{"jsonrpc":"2.0","method":"chordcast/subscribe","params":["log",true]}'
    for (const message of [body, subscribe]) slow.write(`Content-Length: ${message.length}\r\n\r\n${message}`)
    await new Promise(resolve => slow.once('data', resolve))
    slow.pause()
    await client.api.status()
    const line = { ...payloads.log, message: 'x'.repeat(1024 * 1024) }
    for (let i = 0; i < 40 && server.heirs === 2; i++) {
      peer.events.emit('log', line)
      await client.api.status()
    }
    assert.equal(server.heirs, 1)
    slow.destroy()
  })
})
