import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { Role } from './role.ts'

interface Task {
  role: 'seed' | 'fetch'
  /** What to seed, under which certificate. */
  path: string
  key: string
  cert: string
  /** Where to write what is fetched. */
  folder: string
  name: string
}

const BUFFER = 1024 * 1024
const role = new Role<Task>()

async function seed({ path, key, cert }: Task): Promise<void> {
  const send = (socket: TLSSocket): void => {
    // Whoever fetched may go at any time.
    pipeline(createReadStream(path, { highWaterMark: BUFFER }), socket).catch(() => undefined)
  }
  const server = createServer({ key, cert, minVersion: 'TLSv1.3' }, send)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  role.say('ready', { port: (server.address() as AddressInfo).port })
  for (;;) {
    await role.next()
    role.say('sent')
  }
}

async function fetchFile({ folder, name }: Task): Promise<void> {
  role.say('ready')
  const [port] = (await role.next<{ ports: [number] }>()).ports
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
  const hash = createHash('sha256')
  const hashing = new Transform({
    transform(block: Buffer, _encoding, done) {
      hash.update(block)
      done(null, block)
    }
  })
  await pipeline(socket, hashing, createWriteStream(join(folder, name), { highWaterMark: BUFFER }))
  role.say('done', { sha256: hash.digest('hex') })
  await role.next()
}

if (role.task.role === 'seed') await seed(role.task)
else await fetchFile(role.task)
process.exit()
