import { createHash } from 'node:crypto'
import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SampleFile } from '../harness/scratch.ts'

type Bencoded = number | string | Buffer | { [key: string]: Bencoded }

/** Encodes a value as BEP 3 says. Keys have to be in order. */
export function bencode(value: Bencoded): Buffer {
  if (typeof value === 'number') return Buffer.from(`i${value}e`)
  if (typeof value === 'string') return bencode(Buffer.from(value))
  if (Buffer.isBuffer(value)) return Buffer.concat([Buffer.from(`${value.length}:`), value])
  const entries = Object.entries(value).flatMap(([key, item]) => [bencode(key), bencode(item)])
  return Buffer.concat([Buffer.from('d'), ...entries, Buffer.from('e')])
}

export interface TorrentOptions {
  folder: string
  pieceBytes: number
  /** URL of a tracker. */
  announce?: string
}

/** Writes a version 1 torrent of one file (BEP 3) into `folder`; returns its path. */
export async function writeTorrent(
  file: SampleFile,
  { folder, pieceBytes, announce }: TorrentOptions
): Promise<string> {
  const info = {
    length: file.bytes,
    name: file.name,
    'piece length': pieceBytes,
    pieces: await pieceHashes(file.path, pieceBytes)
  }
  const path = join(folder, 'bench.torrent')
  await writeFile(path, bencode({ ...(announce ? { announce } : {}), info }))
  return path
}

async function pieceHashes(path: string, pieceBytes: number): Promise<Buffer> {
  const hashes: Buffer[] = []
  const piece = Buffer.alloc(pieceBytes)
  const file = await open(path)
  try {
    for (;;) {
      const { bytesRead } = await file.read(piece)
      if (bytesRead === 0) return Buffer.concat(hashes)
      hashes.push(createHash('sha1').update(piece.subarray(0, bytesRead)).digest())
    }
  } finally {
    await file.close()
  }
}
