import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ControlLock, claimControl } from '../../../src/peer/control/control-lock.ts'

describe('control lock', () => {
  let folder: string
  const children: ChildProcess[] = []
  const taken: ControlLock[] = []

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chordcast-test-'))
  })

  afterEach(async () => {
    await Promise.all(taken.splice(0).map(lock => lock.release()))
    await Promise.all(children.splice(0).map(child => kill(child)))
    await rm(folder, { recursive: true })
  })

  async function own(path = folder): Promise<ControlLock> {
    const claim = await claimControl(path, true)
    if (claim?.role !== 'owner') assert.fail('the lock is not free')
    return claim.lock
  }

  /** Claims as a window does: again after a lost race. */
  async function settle(path = folder): Promise<'owner' | 'client'> {
    for (;;) {
      const claim = await claimControl(path, true)
      if (claim?.role === 'client') claim.socket.destroy()
      if (claim?.role === 'owner') taken.push(claim.lock)
      if (claim) return claim.role
      await new Promise(resolve => setTimeout(resolve, Math.random() * 10))
    }
  }

  async function startRacer(): Promise<ChildProcess> {
    const child = fork(join(import.meta.dirname, 'lock-racer.ts'), [folder])
    children.push(child)
    await once(child, 'message')
    return child
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }

  async function nextRole(child: ChildProcess): Promise<unknown> {
    return (await once(child, 'message'))[0]
  }

  it('gives the lock to the first, and a connection to the second', async () => {
    const lock = await own()
    const claim = await claimControl(folder, true)
    assert.equal(claim?.role, 'client')
    if (claim?.role === 'client') claim.socket.destroy()
    await lock.release()
  })

  it('is free again after a release, and leaves nothing behind', async () => {
    for (let round = 0; round < 3; round++) await (await own()).release()
    assert.deepEqual(await readdir(join(folder, 'control')), [])
  })

  it('is open to the owner of the folder only', async () => {
    const lock = await own()
    assert.equal((await stat(join(folder, 'control'))).mode & 0o777, 0o700)
    await lock.release()
  })

  it('hands over connections that came before anybody served them', async () => {
    const lock = await own()
    const claim = await claimControl(folder, true)
    if (claim?.role !== 'client') assert.fail('not a client')
    claim.socket.write('early')
    const seen = new Promise<string>(resolve =>
      lock.onConnection(socket => socket.on('data', data => resolve(String(data))).resume())
    )
    assert.equal(await seen, 'early')
    claim.socket.destroy()
    await lock.release()
  })

  it('gives nothing to a process that may not own when nobody owns', async () => {
    assert.equal(await claimControl(folder, false), undefined)
    assert.equal(await claimControl(join(folder, 'absent'), false), undefined)
  })

  it('passes over a file that is no socket', async () => {
    await mkdir(join(folder, 'control'), { mode: 0o700 })
    await writeFile(join(folder, 'control', '7'), '')
    const lock = await own()
    assert.deepEqual(await readdir(join(folder, 'control')), ['8'])
    await lock.release()
  })

  it('works in a folder whose path is too long for a socket address', async () => {
    const deep = join(folder, 'long-name-'.repeat(12), 'data')
    await mkdir(deep, { recursive: true })
    const lock = await own(deep)
    assert.equal(await settle(deep), 'client')
    await lock.release()
    assert.equal((await readdir(join(deep, 'control'))).length, 0)
    await (await own(deep)).release()
  })

  it('steps back while another socket of the folder lives, whatever its number', async () => {
    await mkdir(join(folder, 'control'), { mode: 0o700 })
    const other = createServer(socket => socket.resume()).listen(join(folder, 'control', '900'))
    await once(other, 'listening')
    assert.equal(await settle(), 'client')
    other.close()
  })

  it('has one owner among takers in one process', async () => {
    const roles = await Promise.all(Array.from({ length: 20 }, () => settle()))
    assert.equal(roles.filter(role => role === 'owner').length, 1)
  })

  it('has one owner among racing processes, again and again after kill -9', async function () {
    this.timeout(30_000)
    const racers = await Promise.all(Array.from({ length: 5 }, () => startRacer()))
    let roles = racers.map(racer => nextRole(racer))
    for (const racer of racers) racer.send('go')
    const living = new Set(racers)
    while (living.size > 1) {
      const group = [...living]
      const settled = await Promise.all(roles)
      assert.equal(settled.filter(role => role === 'owner').length, 1, String(settled))
      const owner = group[settled.indexOf('owner')]
      assert.ok(owner)
      living.delete(owner)
      roles = [...living].map(racer => nextRole(racer))
      await kill(owner)
    }
  })
})
