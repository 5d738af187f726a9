import * as v from 'valibot'
import { type FromPlayer, playerRequestNames } from '../../shared/player-protocol.ts'

const preferences = v.object({
  volume: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  muted: v.boolean(),
  rate: v.pipe(v.number(), v.minValue(0.0625), v.maxValue(16)),
  captions: v.optional(v.boolean(), false)
})

/** Seconds: a week is longer than any video. */
const maximumPosition = 7 * 24 * 3600

const fromPlayer = v.variant('kind', [
  v.object({
    kind: v.literal('request'),
    id: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
    name: v.picklist(playerRequestNames)
  }),
  v.object({ kind: v.literal('notice'), name: v.literal('preferences'), value: preferences }),
  v.object({
    kind: v.literal('notice'),
    name: v.literal('position'),
    value: v.object({ seconds: v.pipe(v.number(), v.minValue(0), v.maxValue(maximumPosition)) })
  }),
  v.object({ kind: v.literal('notice'), name: v.picklist(['ready', 'playing']), value: v.null() }),
  v.object({
    kind: v.literal('notice'),
    name: v.literal('problem'),
    value: v.object({ message: v.pipe(v.string(), v.maxLength(500)) })
  })
])

const savedState = v.object({
  digest: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  position: v.number(),
  paused: v.boolean()
})

/** A message from a webview, or undefined when it is none that we know: webviews are not trusted. */
export function readPlayerMessage(input: unknown): FromPlayer | undefined {
  const result = v.safeParse(fromPlayer, input)
  return result.success ? result.output : undefined
}

/** Which video a restored player showed, or undefined when its state cannot be used. */
export function readSavedDigest(state: unknown): string | undefined {
  const result = v.safeParse(savedState, state)
  return result.success ? result.output.digest : undefined
}

/** What was kept of volume and speed, or undefined when it cannot be used. */
export function readPreferences(input: unknown): v.InferOutput<typeof preferences> | undefined {
  const result = v.safeParse(preferences, input)
  return result.success ? result.output : undefined
}
