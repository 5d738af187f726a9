import assert from 'node:assert/strict'
import { join } from 'node:path'
import {
  ALL_FORMATS,
  type EncodedPacket,
  EncodedPacketSink,
  FilePathSource,
  Input,
  type InputTrack,
  Mp4OutputFormat,
  WebMOutputFormat
} from 'mediabunny'
import { writeLooped } from '../../../bench/harness/looped-video.ts'
import { BoundedFile } from '../../../src/peer/inspection/bounded-file.ts'
import { locateIndex } from '../../../src/peer/inspection/mp4-boxes.ts'
import { removeFolder, temporaryFolder } from '../../harness/temporary-folder.ts'

const FIXTURES = join(import.meta.dirname, '../../fixtures')
const SHORT_MP4 = join(FIXTURES, 'sample-h264-aac.mp4')
const SHORT_WEBM = join(FIXTURES, 'sample-vp9-opus.webm')
const BYTES = 500_000

describe('looped video', () => {
  let folder: string

  before(async () => {
    folder = await temporaryFolder()
  })

  after(() => removeFolder(folder))

  it('repeats pictures in the order in which they are decoded, with times that go on', async () => {
    const path = join(folder, 'long.mp4')
    await writeLooped(SHORT_MP4, path, new Mp4OutputFormat({ fastStart: false }), BYTES)
    const [short, long] = [await pictures(SHORT_MP4), await pictures(path)]
    assert.equal(long.length, 4 * short.length)
    for (const [index, { data, timestamp }] of long.entries()) {
      const original = short[index % short.length]
      const repetition = Math.floor(index / short.length)
      assert.deepEqual(data, original?.data)
      const wanted = Number(original?.timestamp) + repetition * 10
      assert.ok(Math.abs(timestamp - wanted) < 0.1 * (repetition + 1), `${timestamp}, not ${wanted}`)
    }
  })

  it('writes the index of an MP4 after its media where that is wanted', async () => {
    const path = join(folder, 'last.mp4')
    await writeLooped(SHORT_MP4, path, new Mp4OutputFormat({ fastStart: false }), BYTES)
    const file = await BoundedFile.open(path, BYTES)
    try {
      const index = await locateIndex(file)
      assert.equal(index?.indexAtEnd, true)
      assert.equal(index?.indexRange.end, file.size)
    } finally {
      await file.close()
    }
  })

  it('repeats a WebM, with its sound', async () => {
    const path = join(folder, 'long.webm')
    await writeLooped(SHORT_WEBM, path, new WebMOutputFormat(), BYTES)
    using input = open(path)
    assert.ok((await input.computeDuration()) > 39)
    assert.equal(await (await input.getPrimaryAudioTrack())?.getCodec(), 'opus')
  })
})

async function pictures(path: string): Promise<EncodedPacket[]> {
  using input = open(path)
  const track: InputTrack | null = await input.getPrimaryVideoTrack()
  assert.ok(track)
  const packets: EncodedPacket[] = []
  for await (const packet of new EncodedPacketSink(track).packets()) packets.push(packet)
  return packets
}

function open(path: string): Input {
  return new Input({ source: new FilePathSource(path), formats: ALL_FORMATS })
}
