import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../../test/harness/free-port.ts'
import { Role } from './role.ts'

interface Task {
  role: 'seed' | 'fetch'
  torrent: string
  folder: string
  uploadLimit?: number
}

interface DownloadStatus {
  status: string
  completedLength: string
  totalLength: string
  errorMessage?: string
  seeder?: string
  uploadLength: string
}

/** Milliseconds between questions: aria2 tells of its end by WebSocket only. */
const POLL = 20
const START_ATTEMPTS = 200
const QUIET = ['--no-conf', '--quiet=true', '--disable-ipv6=true', '--rpc-save-upload-metadata=false']
const NO_DISCOVERY = ['--enable-dht=false', '--enable-dht6=false', '--bt-enable-lpd=false']
const UNLIMITED = ['--seed-ratio=0.0', '--bt-max-peers=0', '--bt-request-peer-speed-limit=0']

const role = new Role<Task>()
const { task } = role
const rpcPort = await freePort()
const program = spawn(
  'aria2c',
  [
    ...QUIET,
    ...NO_DISCOVERY,
    ...UNLIMITED,
    '--enable-peer-exchange=true',
    '--file-allocation=none',
    '--enable-rpc',
    `--rpc-listen-port=${rpcPort}`,
    `--listen-port=${await freePort()}`,
    `--dir=${task.folder}`,
    `--max-overall-upload-limit=${task.uploadLimit ?? 0}`
  ],
  { stdio: 'ignore' }
)
program.once('error', error => role.say('error', { message: error.message }))
process.once('exit', () => program.kill('SIGKILL'))

async function call<Answer>(method: string, ...params: unknown[]): Promise<Answer> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: `aria2.${method}`, params })
  const response = await fetch(`http://127.0.0.1:${rpcPort}/jsonrpc`, { method: 'POST', body })
  const { result, error } = (await response.json()) as { result: Answer; error?: { message: string } }
  if (error) throw new Error(error.message)
  return result
}

async function started(): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await call('getVersion')
      return
    } catch (error) {
      if (attempt === START_ATTEMPTS) throw error
      await delay(POLL)
    }
  }
}

async function finished(gid: string): Promise<void> {
  for (;;) {
    const { status, totalLength, completedLength, seeder, errorMessage } = await call<DownloadStatus>(
      'tellStatus',
      gid
    )
    if (status === 'error') throw new Error(errorMessage)
    const whole = totalLength !== '0' && completedLength === totalLength
    if (whole && (seeder === 'true' || status === 'complete')) return
    await delay(POLL)
  }
}

async function seed(torrent: string): Promise<void> {
  const trust = { 'check-integrity': 'false', 'bt-seed-unverified': 'true', 'allow-overwrite': 'true' }
  const gid = await call<string>('addTorrent', torrent, [], trust)
  await finished(gid)
  role.say('ready', { pid: program.pid, torrent: task.torrent })
  for (;;) {
    await role.next()
    const { uploadLength } = await call<DownloadStatus>('tellStatus', gid)
    role.say('sent', { bytes: Number(uploadLength) })
  }
}

async function fetchFile(torrent: string): Promise<void> {
  role.say('ready', { pid: program.pid })
  await role.next()
  await finished(await call<string>('addTorrent', torrent, [], {}))
  role.say('done')
  await role.next()
}

await started()
const torrent = (await readFile(task.torrent)).toString('base64')
if (task.role === 'seed') await seed(torrent)
else await fetchFile(torrent)
