/** Largest poster, in bytes: what the metadata of a video have room for. */
export const MAX_POSTER_BYTES = 64 * 1024

/** Longest side of a poster, in pixels. */
const MAX_SIDE = 480

/** How good a JPEG is tried to be, best first. */
export const posterQualities = [0.82, 0.7, 0.55, 0.4, 0.25] as const

/** What the page that draws a poster says last. */
export type PosterResult = { kind: 'poster'; base64: string } | { kind: 'none'; reason: string }

/** What it says: that it begins, then what came of it. */
export type FromPosterPage = { kind: 'begin' } | PosterResult

/** The size of a poster of a picture of this size; at least one pixel each way. */
export function posterSize(width: number, height: number): { width: number; height: number } {
  const scale = Math.min(1, MAX_SIDE / Math.max(width, height, 1))
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
}

/** The moment that a poster shows, in seconds: a tenth into a video, past its black beginning. */
export function posterMoment(durationSeconds: number): number {
  return Number.isFinite(durationSeconds) ? durationSeconds / 10 : 0
}
