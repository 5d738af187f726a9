import { parentPort } from 'node:worker_threads'
import { inspectMedia } from '../../src/peer/inspection/inspect-media.ts'

/** Entry point of a thread that inspects the files it is told of, and says what it found. Begins with one message of its own. */
parentPort?.on('message', async ({ path, mimeType }: { path: string; mimeType: string }) => {
  const found: unknown[] = []
  for await (const part of inspectMedia(path, mimeType)) found.push(part)
  parentPort?.postMessage(found)
})
parentPort?.postMessage('ready')
