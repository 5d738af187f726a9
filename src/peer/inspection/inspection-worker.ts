import { parentPort, workerData } from 'node:worker_threads'
import { inspectMedia } from './inspect-media.ts'

/** Entry point of the thread that inspects one file: see `inspectFile`. Says that it begins, then what it finds as it finds it, then ends. */
if (parentPort) {
  const { path, mimeType } = workerData as { path: string; mimeType: string }
  parentPort.postMessage({})
  for await (const found of inspectMedia(path, mimeType)) parentPort.postMessage(found)
}
