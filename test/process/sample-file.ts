import { createHash, randomFillSync } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'

/** Writes `bytes` bytes that do not compress and do not repeat; returns their SHA-256 in hex. */
export async function writeSampleFile(path: string, bytes: number): Promise<string> {
  const hash = createHash('sha256')
  const file = await open(path, 'w')
  const block = Buffer.alloc(1024 * 1024)
  for (let written = 0; written < bytes; written += block.length) {
    randomFillSync(block)
    const part = block.subarray(0, Math.min(block.length, bytes - written))
    hash.update(part)
    await file.write(part)
  }
  await file.close()
  return hash.digest('hex')
}

export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
