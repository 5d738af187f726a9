import { createCipheriv, createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createContentKey, deriveContentKeys } from '../src/peer/content/content-key.ts'
import { CONTENT_ID_LENGTH } from '../src/peer/content/manifest.ts'
import { sealFile } from '../src/peer/content/seal-file.ts'
import { systemRandom } from '../src/peer/random.ts'
import type { Bar, BenchContext, Benchmark, Contender, Outcome } from './harness/benchmark.ts'
import { runContest } from './harness/contest.ts'
import { judge } from './harness/judge.ts'
import type { SampleFile } from './harness/scratch.ts'

const MEBIBYTES = 128
const OURS = 'encrypt + hash for sharing'
const HASH = 'read + SHA-256'
const ONE_THREAD = 'read + AES-256-GCM + SHA-256, one after the other'

const BARS: Bar[] = [
  {
    claim: '≥ 1 × the rate of one after the other',
    contender: OURS,
    figure: 'rate',
    against: ONE_THREAD,
    least: 1
  }
]

/** What the owner's side does with a file before its ID is known. */
export const share: Benchmark = {
  name: 'share',
  summary: `encrypting and hashing ${MEBIBYTES} MiB for sharing, against node:crypto in one thread`,
  runs: 5,
  minutes: 1,
  run: measureShare
}

async function measureShare(context: BenchContext): Promise<Outcome> {
  const mebibytes = context.mebibytes ?? MEBIBYTES
  const file = await context.scratch.sample(mebibytes)
  const contenders = [
    contender(OURS, file, seal),
    contender(ONE_THREAD, file, encryptThenHash),
    contender(HASH, file, hash)
  ]
  const results = await runContest(contenders, context)
  const columns = [
    { figure: 'rate', title: 'MB/s', digits: 0 },
    { figure: 'cpu', title: 'CPU s', digits: 2 }
  ]
  return {
    sections: [{ title: `${mebibytes} MiB from the page cache`, subject: 'work', columns, results }],
    verdicts: judge(BARS, results),
    notes: []
  }
}

function contender(name: string, file: SampleFile, work: (path: string) => Promise<unknown>): Contender {
  return {
    name,
    measure: async () => {
      const since = performance.now()
      const cpu = process.cpuUsage()
      await work(file.path)
      const { user, system } = process.cpuUsage(cpu)
      return {
        rate: file.bytes / 1e3 / (performance.now() - since),
        cpu: (user + system) / 1e6
      }
    }
  }
}

async function seal(path: string): Promise<void> {
  const { chunkKey } = deriveContentKeys(createContentKey(systemRandom))
  await sealFile(path, { chunkKey, contentId: systemRandom.bytes(CONTENT_ID_LENGTH) })
}

async function encryptThenHash(path: string): Promise<void> {
  const cipher = createCipheriv('aes-256-gcm', systemRandom.bytes(32), systemRandom.bytes(12))
  const encrypted = cipher.update(await readFile(path))
  createHash('sha256').update(encrypted).digest()
}

async function hash(path: string): Promise<void> {
  createHash('sha256')
    .update(await readFile(path))
    .digest()
}
