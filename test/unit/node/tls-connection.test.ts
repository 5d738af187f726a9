import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { MessageStream } from '@libp2p/interface'
import { closed, drained, readAll, writeAll } from './tls-nodes.ts'
import { type Pair, type PairOptions, securedPair } from './tls-pair.ts'

const MIB = 1024 * 1024

describe('a TLS connection on the kernel socket', function () {
  this.timeout(60_000)
  const pairs: Pair[] = []

  async function pair(options?: PairOptions): Promise<Pair> {
    const made = await securedPair(options)
    pairs.push(made)
    return made
  }

  afterEach(async () => {
    const made = pairs.splice(0)
    await Promise.all(made.map(({ close }) => close()))
    await closed(made.flatMap(({ client, server }) => [client.tcp, server.tcp]))
  })

  it('keeps to the pace of a reader that stalls, and delivers all once it reads on', async () => {
    const { client, server } = await pair()
    server.secured.pause()
    const bytes = randomBytes(64 * MIB)
    const before = process.memoryUsage().rss
    const writing = progress(client.secured, bytes)
    const accepted = await writing.stalled
    // What the kernel holds on loopback, at its largest, and what waits in the sockets.
    assert.ok(accepted < 24 * MIB, `${accepted / MIB} MiB were accepted`)
    assert.ok(client.secured.writeBufferLength < MIB)
    assert.equal(server.secured.readBufferLength, 0)
    assert.ok(process.memoryUsage().rss - before < 64 * MIB)
    const reading = readAll(server.secured, bytes.length)
    server.secured.resume()
    assert.ok(bytes.equals(await reading))
    await writing.done
  })

  it('delivers all that was written before it is closed', async () => {
    const { client, server } = await pair()
    const bytes = randomBytes(8 * MIB)
    const reading = readAll(server.secured, bytes.length)
    await writeAll(client.secured, bytes)
    await client.secured.close()
    assert.ok(bytes.equals(await reading))
    await closed([client.tcp, server.tcp])
    assert.deepEqual(
      [client, server].map(({ secured }) => secured.status),
      ['closed', 'closed']
    )
  })

  it('delivers all that was written before the TCP connection beneath is closed', async () => {
    const { client, server } = await pair()
    const bytes = randomBytes(200_000)
    const reading = readAll(server.secured, bytes.length)
    client.secured.send(bytes)
    await client.beneath.close()
    assert.ok(bytes.equals(await reading))
    assert.equal(client.secured.status, 'closed')
  })

  for (const [name, abort] of [
    ['it', ({ client }: Pair) => client.secured.abort(new Error('Enough'))],
    ['the TCP connection beneath', ({ client }: Pair) => client.beneath.abort(new Error('Enough'))]
  ] as const) {
    it(`resets the other side when ${name} is aborted in the middle`, async () => {
      const made = await pair()
      const { client, server } = made
      const ended = ending(server.secured)
      const writing = writeAll(client.secured, randomBytes(64 * MIB))
      await once(server.secured, 'message')
      abort(made)
      await assert.rejects(writing)
      assert.ok(await ended, 'the other side hears of an error')
      assert.equal(client.secured.status, 'aborted')
      await closed([client.tcp, server.tcp])
    })
  }

  it('survives being aborted while data is delivered, on both sides', async () => {
    const { client, server } = await pair()
    const ends = [ending(client.secured), ending(server.secured)]
    for (const { secured } of [client, server])
      secured.addEventListener('message', () => {
        secured.abort(new Error('Enough'))
        assert.throws(() => secured.send(randomBytes(1000)))
      })
    for (const { secured } of [client, server]) secured.send(randomBytes(MIB))
    await Promise.all(ends)
    await closed([client.tcp, server.tcp])
  })

  it('ends on both sides when a byte changes on the way', async () => {
    let left = 500_000
    const between = (bytes: Buffer) => {
      const at = left
      left -= bytes.length
      if (at >= 0 && at < bytes.length) bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
      return bytes
    }
    const { client, server } = await pair({ between })
    const ends = [ending(client.secured), ending(server.secured)]
    let received = 0
    server.secured.addEventListener('message', ({ data }) => {
      received += data.byteLength
    })
    await assert.rejects(writeAll(client.secured, randomBytes(64 * MIB)))
    assert.ok((await Promise.all(ends)).every(error => error))
    assert.ok(received < 500_000)
  })

  it('gives up a connection on which nothing passes, and no other', async () => {
    const { client, server } = await pair({ tcp: { inboundSocketInactivityTimeout: 400 } })
    const ended = ending(server.secured)
    for (let passed = 0; passed < 8; passed++) {
      await delay(100)
      client.secured.send(Uint8Array.of(passed))
      await once(server.secured, 'message')
    }
    const error = await ended
    assert.equal(error?.name, 'TimeoutError')
  })

  it('begins TLS with what was read before and given back', async () => {
    const beforeServer = async (connection: MessageStream) => {
      const first = await new Promise<Uint8Array>(resolve =>
        connection.addEventListener('message', ({ data }) => resolve(data.subarray()), { once: true })
      )
      connection.unshift(first)
    }
    const { client, server } = await pair({ beforeServer })
    const bytes = randomBytes(100_000)
    const reading = readAll(server.secured, bytes.length)
    await writeAll(client.secured, bytes)
    assert.ok(bytes.equals(await reading))
  })

  it('leaves no listeners behind', async () => {
    const { client, server } = await pair()
    for (const { tcp } of [client, server]) assert.equal(tcp.listenerCount('data'), 0)
    await client.secured.close()
    await closed([client.tcp, server.tcp])
    assert.ok(client.tcp.destroyed && server.tcp.destroyed)
  })
})

/** Resolves with the error that ended a stream, if it was one. */
function ending(stream: MessageStream): Promise<Error | undefined> {
  return new Promise(resolve =>
    stream.addEventListener('close', ({ error }) => resolve(error), { once: true })
  )
}

/** Writes at the stream's pace; `stalled` tells how much was taken when it took no more for half a second. */
function progress(
  stream: MessageStream,
  bytes: Uint8Array
): { stalled: Promise<number>; done: Promise<void> } {
  const stalled = Promise.withResolvers<number>()
  const write = async () => {
    for (let at = 0; at < bytes.length; at += 64 * 1024) {
      if (stream.send(bytes.subarray(at, at + 64 * 1024))) continue
      const timer = setTimeout(() => stalled.resolve(at), 500)
      await drained(stream)
      clearTimeout(timer)
    }
  }
  return { stalled: stalled.promise, done: write() }
}
