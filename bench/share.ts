import { createHash, randomFillSync } from 'node:crypto'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createContentKey, deriveContentKeys } from '../src/peer/content/content-key.ts'
import { CONTENT_ID_LENGTH } from '../src/peer/content/manifest.ts'
import { sealFile } from '../src/peer/content/seal-file.ts'
import { systemRandom } from '../src/peer/random.ts'

const MIB = 1024 * 1024
const FILE_BYTES = 128 * MIB
const RUNS = 5

/** Encrypting and hashing a file for sharing, against reading it and hashing it once: interleaved, medians of five. */
async function main(json: boolean): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'chordcast-bench-'))
  const path = join(folder, 'video.bin')
  await writeFile(path)
  const rates: Record<'share' | 'sha256', number[]> = { share: [], sha256: [] }
  for (let run = 0; run < RUNS; run++) {
    rates.share.push(await rateOf(() => share(path)))
    rates.sha256.push(
      await rateOf(async () =>
        createHash('sha256')
          .update(await readFile(path))
          .digest()
      )
    )
  }
  await rm(folder, { recursive: true })
  print(json, { share: median(rates.share), sha256: median(rates.sha256) })
}

async function writeFile(path: string): Promise<void> {
  const file = await open(path, 'w')
  for (let written = 0; written < FILE_BYTES; written += MIB)
    await file.write(randomFillSync(Buffer.alloc(MIB)))
  await file.close()
}

async function share(path: string): Promise<void> {
  const { chunkKey } = deriveContentKeys(createContentKey(systemRandom))
  await sealFile(path, { chunkKey, contentId: systemRandom.bytes(CONTENT_ID_LENGTH) })
}

async function rateOf(work: () => Promise<unknown>): Promise<number> {
  const since = performance.now()
  await work()
  return FILE_BYTES / 1e6 / ((performance.now() - since) / 1000)
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function print(json: boolean, rates: { share: number; sha256: number }): void {
  const ratio = rates.share / rates.sha256
  if (json) console.log(JSON.stringify({ bench: 'share', unit: 'MB/s', ...rates, ratio }))
  else
    console.log(
      `share   ${rates.share.toFixed(0)} MB/s\nsha256  ${rates.sha256.toFixed(0)} MB/s\nratio   ${ratio.toFixed(2)}`
    )
}

await main(process.argv.includes('--json'))
