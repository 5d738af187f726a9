import type { ChunkMap, ConnectedPeerSnapshot, Digest, VideoSnapshot } from '../../peer/api.ts'
import { describeAddress, displayName, shortPeerId } from '../../shared/format.ts'
import { mediaKind } from '../../shared/media-type.ts'
import type { NetworkState, PlayerChunks, PlayerPeer, PlayerVideo } from '../../shared/player-protocol.ts'
import { describeState, isComplete } from '../video-state.ts'

/** At most this many peers are listed in a player. */
const listedPeers = 12

/** Manifest and metadata are here. Chunks are no sign of it: the first may come before the type is told. */
export function isPlayerReady(video: VideoSnapshot): boolean {
  return video.chunks > 0 && video.mimeType !== ''
}

/** Why there is no player of this video and none is coming; undefined when there is one, or is still expected. */
export function reasonForNone(video: VideoSnapshot): string | undefined {
  if (isPlayerReady(video)) return undefined
  if (video.failure !== undefined) return video.failure.message
  return video.state === 'paused' ? 'This video is paused. Resume it to watch.' : undefined
}

/** What a player waits for that has nothing to show yet. */
export function awaitedText(video: VideoSnapshot, network: NetworkState): string {
  const state = network === 'starting' ? 'joining the network' : describeState(video)
  return `${state.charAt(0).toUpperCase()}${state.slice(1)}…`
}

/** The video as its player shows it, or undefined while its type is unknown. */
export function toPlayerVideo(video: VideoSnapshot): PlayerVideo | undefined {
  if (!isPlayerReady(video)) return undefined
  return {
    digest: video.digest,
    name: displayName(video.name),
    mimeType: displayName(video.mimeType),
    kind: mediaKind(video.mimeType) ?? 'file',
    bytes: video.bytes,
    chunkSize: video.chunkSize,
    chunks: video.chunks,
    have: video.have,
    origin: video.origin,
    state: video.state,
    complete: isComplete(video),
    holders: video.holders,
    downloadBytesPerSecond: video.downloadBytesPerSecond,
    uploadBytesPerSecond: video.uploadBytesPerSecond,
    ...(video.failure !== undefined && { failure: video.failure.message }),
    ...mediaFacts(video)
  }
}

/** What is known of the medium itself. */
function mediaFacts(video: VideoSnapshot): Partial<PlayerVideo> {
  const { durationSeconds, width, height, frameRate, codecs, watchOnly } = video
  const facts = { durationSeconds, width, height, frameRate, codecs, watchOnly }
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined))
}

/** The part of a chunk map that a player draws. */
export function toPlayerChunks(map: ChunkMap): PlayerChunks {
  const waiting = map.waitingFor === undefined ? {} : { waitingFor: map.waitingFor }
  return { states: map.states, holders: map.holders, ...waiting }
}

/** The connected peers that hold chunks of a video, the fastest first. */
export function toPlayerPeers(peers: readonly ConnectedPeerSnapshot[], digest: Digest): PlayerPeer[] {
  return peers
    .flatMap(peer => {
      const holding = peer.holds.find(held => held.digest === digest)
      return holding === undefined ? [] : [toPlayerPeer(peer, holding)]
    })
    .sort((a, b) => b.downloadBytesPerSecond - a.downloadBytesPerSecond || b.have - a.have)
    .slice(0, listedPeers)
}

function toPlayerPeer(
  peer: ConnectedPeerSnapshot,
  { have, chunks }: { have: number; chunks: number }
): PlayerPeer {
  const { path, downloadBytesPerSecond, roundTripMilliseconds } = peer
  const roundTrip = roundTripMilliseconds === undefined ? {} : { roundTripMilliseconds }
  const address = describeAddress(peer.address)
  return { name: shortPeerId(peer.peerId), address, path, have, chunks, downloadBytesPerSecond, ...roundTrip }
}

/** The video whose source or finished file this is; one that this peer shares goes before one that it fetched. */
export function videoOfFile(videos: readonly VideoSnapshot[], path: string): VideoSnapshot | undefined {
  const found = videos.filter(video => video.path === path)
  return found.find(({ origin }) => origin === 'shared') ?? found[0]
}
