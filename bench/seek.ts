import { mkdtemp, rm } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Peers } from '../test/process/cli-peer.ts'
import { writeSampleFile } from '../test/process/sample-file.ts'

const MIB = 1024 * 1024
const FILE_BYTES = 300 * MIB
/** KiB/s that the seeder sends at most: 5 MB/s. */
const UPLOAD_LIMIT = 5120
const SEEKS = 100
/** Milliseconds that a player stays at a place before it seeks on. */
const STAY = 100
/** Bytes at the new place that count as arrived. */
const WANTED_BYTES = 64 * 1024

/** Seconds until 64 KiB are here after each of 100 random seeks, while the rest downloads from a seeder that is held to 5 MB/s. */
async function main(json: boolean): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'chordcast-bench-'))
  const peers = new Peers(folder)
  try {
    const source = join(folder, 'video.mkv')
    await writeSampleFile(source, FILE_BYTES)
    const seeder = peers.start(['share', source, '--upload-limit', String(UPLOAD_LIMIT)])
    const { link } = await seeder.event('shared')
    const fetcher = peers.start(['fetch', String(link), '--watch', '--out', join(folder, 'out.mkv')])
    const { url } = await fetcher.event('stream')
    const first = await seek(String(url), 0, 1)
    const seconds = await seekAround(String(url))
    const progress = fetcher.events.findLast(({ event }) => event === 'progress')
    print(json, { first, seconds, arrived: Number(progress?.have) / Number(progress?.chunks) })
  } finally {
    await peers.stopAll()
    await rm(folder, { recursive: true })
  }
}

async function seekAround(url: string): Promise<number[]> {
  const seconds: number[] = []
  for (let count = 0; count < SEEKS; count++) {
    const place = Math.floor(Math.random() * (FILE_BYTES - WANTED_BYTES))
    seconds.push(await seek(url, place, WANTED_BYTES))
  }
  return seconds
}

/** Plays from `place` on for a moment. @returns seconds from the request to `bytes` bytes */
async function seek(url: string, place: number, bytes: number): Promise<number> {
  const since = performance.now()
  const response = await open(url, place)
  const arrived = await new Promise<number>((resolve, reject) => {
    let missing = bytes
    response.on('data', (block: Buffer) => {
      missing -= block.length
      if (missing <= 0) resolve(performance.now())
    })
    response.on('error', reject)
  })
  await delay(STAY)
  response.removeAllListeners('error').on('error', () => undefined)
  response.destroy()
  return (arrived - since) / 1000
}

function open(url: string, place: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { range: `bytes=${place}-` } }, resolve).on('error', reject)
  })
}

function print(json: boolean, measured: { first: number; seconds: number[]; arrived: number }): void {
  const sorted = measured.seconds.toSorted((a, b) => a - b)
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  const summary = {
    first: measured.first,
    median: at(0.5),
    p95: at(0.95),
    most: at(1),
    arrived: measured.arrived
  }
  if (json) console.log(JSON.stringify({ bench: 'seek', unit: 's', ...summary, seconds: measured.seconds }))
  else {
    console.log(`first byte  ${summary.first.toFixed(3)} s`)
    console.log(
      `seek        ${at(0.5).toFixed(3)} s median, ${at(0.95).toFixed(3)} p95, ${at(1).toFixed(3)} at most`
    )
    console.log(`arrived     ${(summary.arrived * 100).toFixed(0)} % at the end`)
  }
}

await main(process.argv.includes('--json'))
