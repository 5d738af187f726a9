import {
  EncodedAudioPacketSource,
  type EncodedPacket,
  EncodedPacketSink,
  EncodedVideoPacketSource,
  FilePathSource,
  FilePathTarget,
  Input,
  Output,
  WEBM,
  WebMOutputFormat
} from 'mediabunny'
import { fixture } from './editor.ts'

/** Seconds of the video that is repeated. */
const period = 10

/**
 * Writes a WebM that shows the ten seconds of the test pattern again and again; nothing is encoded. Its frames are padded as those of a
 * constant bit rate are, so that it takes as long as a real video of that length to arrive.
 */
export async function writeLongVideo(path: string, seconds: number, bytes: number): Promise<void> {
  using input = new Input({ source: new FilePathSource(fixture('sample-vp9-opus.webm')), formats: [WEBM] })
  const [video, audio] = [await input.getPrimaryVideoTrack(), await input.getPrimaryAudioTrack()]
  if (!video || !audio) throw new Error('The video to repeat has no picture or no sound.')
  const frames = await packetsOf(new EncodedPacketSink(video))
  const frameBytes = Math.floor(((bytes / seconds) * period) / frames.length)
  const pictures = new EncodedVideoPacketSource('vp9')
  const sounds = new EncodedAudioPacketSource('opus')
  const output = new Output({ format: new WebMOutputFormat(), target: new FilePathTarget(path) })
  output.addVideoTrack(pictures)
  output.addAudioTrack(sounds)
  await output.start()
  const pictureFacts = { decoderConfig: (await video.getDecoderConfig()) ?? undefined }
  const soundFacts = { decoderConfig: (await audio.getDecoderConfig()) ?? undefined }
  const padded = frames.map(frame => frame.clone({ data: padFrame(frame.data, frameBytes) }))
  await Promise.all([
    repeat(padded, seconds, packet => pictures.add(packet, pictureFacts)),
    repeat(await packetsOf(new EncodedPacketSink(audio)), seconds, packet => sounds.add(packet, soundFacts))
  ])
  await output.finalize()
}

/** Sound may go on for a moment longer than the period: there the next one begins. */
async function packetsOf(track: EncodedPacketSink): Promise<EncodedPacket[]> {
  const packets: EncodedPacket[] = []
  for await (const packet of track.packets()) if (packet.timestamp < period) packets.push(packet)
  return packets
}

/** Zeros behind its last tile are part of a VP9 frame. One that ends in an index of several frames has none there. */
function padFrame(frame: Uint8Array, bytes: number): Uint8Array {
  const endsInIndex = ((frame.at(-1) ?? 0) & 0xe0) === 0xc0
  if (endsInIndex || frame.length >= bytes) return frame
  const padded = new Uint8Array(bytes)
  padded.set(frame)
  return padded
}

async function repeat(
  packets: readonly EncodedPacket[],
  seconds: number,
  add: (packet: EncodedPacket) => Promise<void>
): Promise<void> {
  for (let start = 0; start < seconds; start += period)
    for (const packet of packets) await add(packet.clone({ timestamp: packet.timestamp + start }))
}
