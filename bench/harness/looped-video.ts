import {
  ALL_FORMATS,
  EncodedAudioPacketSource,
  type EncodedPacket,
  EncodedPacketSink,
  EncodedVideoPacketSource,
  FilePathSource,
  FilePathTarget,
  Input,
  type InputAudioTrack,
  type InputVideoTrack,
  Output,
  type OutputFormat
} from 'mediabunny'

/** One track of the short video, and where its packets go. */
interface LoopedTrack {
  packets: EncodedPacket[]
  add(packet: EncodedPacket): Promise<void>
}

/**
 * Writes a long video: the encoded packets of a short one, again and again, with times that go on. Nothing is encoded anew, so that
 * no encoder is needed, and each repetition begins with a key frame.
 *
 * @param bytes about as many as the packets come to
 */
export async function writeLooped(
  source: string,
  target: string,
  format: OutputFormat,
  bytes: number
): Promise<void> {
  using input = new Input({ source: new FilePathSource(source), formats: ALL_FORMATS })
  const output = new Output({ format, target: new FilePathTarget(target) })
  const video = await videoTrack(output, await input.getPrimaryVideoTrack())
  const audio = await audioTrack(output, await input.getPrimaryAudioTrack())
  await output.start()
  const tracks = [video, audio]
  const repetition = tracks.reduce((sum, { packets }) => sum + byteLength(packets), 0)
  await repeat(tracks, await input.computeDuration(), Math.ceil(bytes / repetition))
  await output.finalize()
}

async function videoTrack(output: Output, track: InputVideoTrack | null): Promise<LoopedTrack> {
  const codec = await track?.getCodec()
  const decoderConfig = await track?.getDecoderConfig()
  if (!track || !codec || !decoderConfig) throw new Error('The short video has no picture.')
  const source = new EncodedVideoPacketSource(codec)
  output.addVideoTrack(source)
  return { packets: await allPackets(track), add: packet => source.add(packet, { decoderConfig }) }
}

async function audioTrack(output: Output, track: InputAudioTrack | null): Promise<LoopedTrack> {
  const codec = await track?.getCodec()
  const decoderConfig = await track?.getDecoderConfig()
  if (!track || !codec || !decoderConfig) throw new Error('The short video has no sound.')
  const source = new EncodedAudioPacketSource(codec)
  output.addAudioTrack(source)
  return { packets: await allPackets(track), add: packet => source.add(packet, { decoderConfig }) }
}

/** Without those that play before the beginning: an encoder's delay, which would fall into the repetition before. */
async function allPackets(track: InputVideoTrack | InputAudioTrack): Promise<EncodedPacket[]> {
  const packets: EncodedPacket[] = []
  for await (const packet of new EncodedPacketSink(track).packets())
    if (packet.timestamp >= 0) packets.push(packet)
  return packets
}

function byteLength(packets: readonly EncodedPacket[]): number {
  return packets.reduce((sum, { byteLength }) => sum + byteLength, 0)
}

async function repeat(tracks: readonly LoopedTrack[], duration: number, times: number): Promise<void> {
  const inTurns = tracks.flatMap(turns).sort((a, b) => a.turn - b.turn)
  for (let time = 0; time < times; time++)
    for (const { packet, add } of inTurns)
      await add(packet.clone({ timestamp: packet.timestamp + time * duration }))
}

/**
 * The tracks take turns by time, as a player reads them. A picture that is decoded ahead of those shown before it keeps its place: within
 * a track the order stays as it is.
 */
function turns({
  packets,
  add
}: LoopedTrack): (Pick<LoopedTrack, 'add'> & { packet: EncodedPacket; turn: number })[] {
  let turn = 0
  return packets.map(packet => {
    turn = Math.max(turn, packet.timestamp)
    return { packet, add, turn }
  })
}
