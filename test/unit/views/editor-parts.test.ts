import assert from 'node:assert/strict'
import type { VideoSnapshot } from '../../../src/peer/api.ts'
import { PeerError } from '../../../src/peer/errors.ts'
import { createLogger } from '../../../src/peer/log.ts'
import { ChangeBatch } from '../../../src/views/change-batch.ts'
import { videosFromArguments } from '../../../src/views/commands/command-targets.ts'
import { shareEach } from '../../../src/views/commands/share-each.ts'
import { resolveDownloadFolder } from '../../../src/views/configuration/download-folder.ts'
import { toPeerSettings } from '../../../src/views/configuration/peer-settings.ts'
import { diagnosticsReport } from '../../../src/views/diagnostics.ts'
import { DisposableStore } from '../../../src/views/disposable.ts'
import { errorAction } from '../../../src/views/error-actions.ts'
import { commands, settings } from '../../../src/views/ids.ts'
import { LogBook } from '../../../src/views/log-book.ts'
import { ManagedContextKey } from '../../../src/views/managed-context-key.ts'
import { PeerModel } from '../../../src/views/peer-model.ts'
import { plainText } from '../../../src/views/plain-text.ts'
import { secretSealStore } from '../../../src/views/secret-seal-store.ts'
import { VideoSelection } from '../../../src/views/video-selection.ts'
import { fakePeer, fakeStatus, fakeVideo } from './fake-peer-api.ts'
import { ManualClock } from './manual-clock.ts'

describe('refreshing a tree', () => {
  it('reports the first change at once, then at most one batch an interval', () => {
    const clock = new ManualClock()
    const reports: string[][] = []
    const batch = new ChangeBatch<string>(clock, 250, changed => reports.push(changed))
    for (const key of ['a', 'b', 'c', 'b']) batch.add(key)
    assert.deepEqual(reports, [['a']])
    clock.advance(250)
    assert.deepEqual(reports, [['a'], ['b', 'c']])
    clock.advance(1000)
    batch.add('d')
    assert.deepEqual(reports.at(-1), ['d'])
  })

  it('stays within four a second however much changes', () => {
    const clock = new ManualClock()
    let reports = 0
    const batch = new ChangeBatch<number>(clock, 250, () => {
      reports += 1
    })
    for (let time = 0; time < 1000; time += 10) {
      batch.add(time)
      clock.advance(10)
    }
    assert.ok(reports <= 5, `${reports} reports`)
  })

  it('reports nothing once disposed', () => {
    const clock = new ManualClock()
    const reports: string[][] = []
    const batch = new ChangeBatch<string>(clock, 250, changed => reports.push(changed))
    batch.add('a')
    batch.add('b')
    batch.dispose()
    clock.advance(1000)
    assert.deepEqual(reports, [['a']])
  })
})

describe('the context key', () => {
  it('is sent only when it changes', () => {
    const sent: string[] = []
    const key = new ManagedContextKey<string>('k', (name, value) => sent.push(`${name}=${value}`))
    for (const value of ['a', 'a', 'b', 'a']) key.set(value)
    assert.deepEqual(sent, ['k=a', 'k=b', 'k=a'])
  })
})

describe('what is owned', () => {
  it('is disposed once, the newest first, and at once when it comes late', () => {
    const disposed: string[] = []
    const store = new DisposableStore()
    for (const name of ['a', 'b']) store.add({ dispose: () => disposed.push(name) })
    store.dispose()
    store.dispose()
    store.add({ dispose: () => disposed.push('late') })
    assert.deepEqual(disposed, ['b', 'a', 'late'])
  })
})

describe('the button of a failure', () => {
  it('helps with what failed', () => {
    assert.deepEqual(errorAction('PORT_IN_USE', true), {
      kind: 'setting',
      label: 'Open Settings',
      setting: settings.port
    })
    assert.equal(errorAction('NO_HOLDERS', true).label, 'Retry')
    assert.deepEqual(errorAction('NOT_JOINED', false), {
      kind: 'command',
      label: 'Join Network',
      command: commands.joinNetwork
    })
  })

  it('is the log where nothing can be tried again', () => {
    assert.equal(errorAction('NO_HOLDERS', false).label, 'Show Log')
    assert.equal(errorAction('INTERNAL', true).label, 'Show Log')
  })
})

describe('sharing several files', () => {
  const paths = ['/v/a.webm', '/v/b.webm', '/v/c.webm']

  function failAt(path: string, failure: PeerError) {
    return async (asked: string): Promise<VideoSnapshot> => {
      if (asked === path) throw failure
      return fakeVideo({ path: asked })
    }
  }

  it('keeps what was shared, and tells of each that was not', async () => {
    const failure = new PeerError('FILE_EMPTY', 'The file is empty.')
    const { shared, failures } = await shareEach(paths, failAt('/v/a.webm', failure))
    assert.deepEqual(
      shared.map(({ path }) => path),
      ['/v/b.webm', '/v/c.webm']
    )
    assert.deepEqual(
      failures.map(({ path, error }) => [path, error.code, error.message]),
      [['/v/a.webm', 'FILE_EMPTY', 'a.webm: The file is empty.']]
    )
  })

  it('ends when one is cancelled, which is no failure', async () => {
    const { shared, failures } = await shareEach(
      paths,
      failAt('/v/b.webm', new PeerError('ABORTED', 'Cancelled.'))
    )
    assert.deepEqual([shared.length, failures.length], [1, 0])
  })
})

describe('settings', () => {
  const raw = {
    host: [' 127.0.0.1 ', ''],
    port: 4001,
    ring: ' team ',
    lanDiscovery: false,
    downloadFolder: '~/Videos',
    uploadLimit: 40,
    downloadLimit: 0,
    cacheQuota: 64,
    maxConnections: 90,
    idleTimeout: 30,
    maxTransfers: 20
  }

  it('become those of the peer: bytes for KiB, an absolute folder, no blanks', () => {
    assert.deepEqual(toPeerSettings(raw, '/home/ada'), {
      hosts: ['127.0.0.1'],
      port: 4001,
      ring: 'team',
      lanDiscovery: false,
      downloadFolder: '/home/ada/Videos',
      uploadLimit: 40 * 1024,
      downloadLimit: 0,
      cacheQuota: 64 * 1024 ** 2,
      maxConnections: 90,
      idleSeconds: 30,
      maxTransfers: 20,
      stay: true
    })
  })

  it('leave out an empty name of the ring', () => {
    assert.equal('ring' in toPeerSettings({ ...raw, ring: ' ' }, '/home/ada'), false)
  })

  const folders: [string, string][] = [
    ['~', '/home/ada'],
    ['', '/home/ada'],
    ['~/Downloads/Chordcast', '/home/ada/Downloads/Chordcast'],
    ['/srv/videos', '/srv/videos'],
    ['videos', '/home/ada/videos'],
    ['~bob/videos', '/home/ada/~bob/videos']
  ]
  for (const [setting, expected] of folders) {
    it(`take “${setting}” as ${expected}`, () =>
      assert.equal(resolveDownloadFolder(setting, '/home/ada'), expected))
  }
})

describe('the videos that a menu names', () => {
  const model = new PeerModel()
  for (const digest of ['a', 'b']) model.takeVideo(fakeVideo({ digest }))
  const digestsOf = (...args: unknown[]): string[] =>
    videosFromArguments(model, args).map(({ digest }) => digest)

  it('are the clicked one, all selected ones, or a digest', () => {
    assert.deepEqual(digestsOf({ digest: 'a' }), ['a'])
    assert.deepEqual(digestsOf({ digest: 'a' }, [{ digest: 'a' }, { digest: 'b' }]), ['a', 'b'])
    assert.deepEqual(digestsOf('b'), ['b'])
  })

  it('are none for anything else', () => {
    assert.deepEqual(digestsOf(), [])
    assert.deepEqual(digestsOf({ digest: 7 }, 'x'), [])
    assert.deepEqual(digestsOf({ digest: 'gone' }), [])
  })
})

describe('the log', () => {
  const sink = () => {
    const lines: string[] = []
    const write = (level: string) => (message: string) => lines.push(`${level} ${message}`)
    return {
      lines,
      trace: write('trace'),
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error')
    }
  }

  it('keeps level and part of the engine', () => {
    const channel = sink()
    createLogger('chord', new LogBook(channel).write).warn('a successor is gone')
    assert.deepEqual(channel.lines, ['warn [chord] a successor is gone'])
  })

  it('remembers the last lines only, without the traces', () => {
    const book = new LogBook(sink(), 2)
    const logger = createLogger('chord', book.write)
    for (const message of ['a', 'b', 'c']) logger.info(message)
    logger.trace('d')
    assert.deepEqual(
      book.recent.map(({ message }) => message),
      ['b', 'c']
    )
  })
})

describe('diagnostics', () => {
  const video = fakeVideo({ name: 'secret plans.mp4', path: '/home/ada/secret plans.mp4' })
  const report = diagnosticsReport({
    versions: 'Chordcast 0.1.0',
    environment: 'linux x64',
    state: 'failed',
    role: 'owner',
    failure: { code: 'PORT_IN_USE', message: 'Port 4001 is in use.' },
    status: fakeStatus(),
    videos: [video],
    peers: [fakePeer()],
    log: [{ time: 0, level: 'info', component: 'chord', message: 'joined' }]
  })

  it('hold state, failure, peers and log', () => {
    for (const part of [
      'State: failed, owner',
      'PORT_IN_USE',
      '192.168.1.20',
      '[chord] joined',
      '2/4 chunks'
    ]) {
      assert.ok(report.includes(part), part)
    }
  })

  it('hold no ID, name or path of a video', () => {
    assert.ok(!report.includes(video.id) && !report.includes('secret'))
  })
})

describe('names in notifications', () => {
  it('cannot become links', () => assert.equal(plainText('[win](command:x).mp4'), '[win] (command:x).mp4'))
})

describe('the seal in the secret storage', () => {
  it('comes back byte for byte', async () => {
    const kept = new Map<string, string>()
    const secrets = {
      get: async (key: string) => kept.get(key),
      store: async (key: string, value: string) => void kept.set(key, value)
    }
    const store = secretSealStore(secrets as unknown as Parameters<typeof secretSealStore>[0])
    assert.equal(await store.load(), undefined)
    const seal = Uint8Array.from({ length: 32 }, (_, index) => index * 8)
    await store.save(seal)
    assert.deepEqual(await store.load(), seal)
  })
})

describe('the selected video', () => {
  it('is told once for each change', () => {
    const selection = new VideoSelection()
    const heard: (string | undefined)[] = []
    selection.events.on('changed', digest => heard.push(digest))
    for (const digest of ['a', 'a', undefined]) selection.select(digest)
    assert.deepEqual(heard, ['a', undefined])
  })
})
