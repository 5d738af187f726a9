import * as v from 'valibot'
import type { FetchOptions, LookupOptions, PeerApi, PeerEventName, ShareOptions } from '../api.ts'
import { MAX_POSTER_BYTES } from '../content/poster.ts'
import { PeerError, type PeerErrorCode, toPeerError } from '../errors.ts'

/** Version of this protocol. Owner and client of one data folder must speak the same. */
export const CONTROL_VERSION = 3

/** Request that a client begins with: see `helloSchema`. */
export const HELLO = 'chordcast/hello'
/** Notification by which a client asks for (`true`) or declines (`false`) the events of a name. */
export const SUBSCRIBE = 'chordcast/subscribe'
/** Notification that carries an event: its name and its value. */
export const EVENT = 'chordcast/event'

export type PeerMethod = Exclude<keyof PeerApi, 'on'>
export type PeerArguments<M extends PeerMethod> = Parameters<PeerApi[M]>

/** Spelt out by length: a recursive type has no end for the general case. */
type WithoutSignal<P extends unknown[]> = P extends [signal?: AbortSignal]
  ? []
  : P extends [first: infer First, signal?: AbortSignal]
    ? [First]
    : P extends [first: infer First, second: infer Second, signal?: AbortSignal]
      ? [First, Second]
      : P extends [first: infer First, second?: infer Second, signal?: AbortSignal]
        ? [First, Second?]
        : never

type SignalPosition<P extends unknown[]> =
  Required<P> extends [...infer Before, AbortSignal] ? Before['length'] : undefined

/** How one method of `PeerApi` travels. */
export interface MethodDescription<M extends PeerMethod> {
  /** The arguments on the wire: all but the signal, which travels as a cancellation. */
  readonly parameters: v.GenericSchema<unknown, WithoutSignal<PeerArguments<M>>>
  /** Position of the signal among the arguments, if the method takes one. */
  readonly signal: SignalPosition<PeerArguments<M>>
  /** Changes nothing, so that it may be asked again when the owner went away in between. */
  readonly repeatable: boolean
  /** Milliseconds after which the owner counts as hung; undefined for work that lasts as long as it lasts. */
  readonly deadline: number | undefined
}

const text = v.pipe(v.string(), v.maxLength(8192))
const digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))
const none = v.tuple([])
/** JSON has no undefined: what was left out arrives as null. */
const leftOut = v.pipe(
  v.nullish(v.null()),
  v.transform(() => undefined)
)
const optional = <Output>(schema: v.GenericSchema<unknown, Output>) => v.union([schema, leftOut])

/** A poster as base64. */
const MAX_POSTER_TEXT = Math.ceil(MAX_POSTER_BYTES / 3) * 4

const shareOptions: v.GenericSchema<unknown, ShareOptions> = v.object({
  policy: v.optional(v.picklist(['open', 'ask', 'peers'])),
  fresh: v.optional(v.boolean()),
  listed: v.optional(v.boolean()),
  poster: v.optional(v.pipe(v.string(), v.maxLength(MAX_POSTER_TEXT))),
  fastStart: v.optional(v.boolean())
})
const fetchOptions: v.GenericSchema<unknown, FetchOptions> = v.object({
  output: v.optional(text),
  overwrite: v.optional(v.boolean()),
  save: v.optional(v.boolean())
})

const lookupOptions: v.GenericSchema<unknown, LookupOptions> = v.object({
  name: v.optional(v.pipe(v.string(), v.maxLength(64)))
})

const SHORT = 15_000
const LONG = 120_000

/** Every method of `PeerApi`. One that is missing here does not compile. */
export const PEER_METHODS: { readonly [M in PeerMethod]: MethodDescription<M> } = {
  status: { parameters: none, signal: undefined, repeatable: true, deadline: SHORT },
  join: {
    parameters: v.tuple([v.pipe(v.array(text), v.maxLength(256))]),
    signal: 1,
    repeatable: false,
    deadline: LONG
  },
  leave: { parameters: none, signal: undefined, repeatable: false, deadline: SHORT },
  share: {
    parameters: v.tuple([text, optional(shareOptions)]),
    signal: 2,
    repeatable: false,
    deadline: undefined
  },
  inspect: { parameters: v.tuple([text]), signal: 1, repeatable: true, deadline: LONG },
  fetch: {
    parameters: v.tuple([text, optional(fetchOptions)]),
    signal: undefined,
    repeatable: false,
    deadline: LONG
  },
  pause: { parameters: v.tuple([digest]), signal: undefined, repeatable: false, deadline: SHORT },
  resume: { parameters: v.tuple([digest]), signal: undefined, repeatable: false, deadline: SHORT },
  stopSharing: { parameters: v.tuple([digest]), signal: undefined, repeatable: false, deadline: LONG },
  remove: {
    parameters: v.tuple([digest, optional(v.boolean())]),
    signal: undefined,
    repeatable: false,
    deadline: LONG
  },
  setListed: {
    parameters: v.tuple([digest, v.boolean()]),
    signal: undefined,
    repeatable: false,
    deadline: SHORT
  },
  catalogue: {
    parameters: v.tuple([v.pipe(v.number(), v.minValue(0))]),
    signal: 1,
    repeatable: true,
    deadline: LONG
  },
  videos: { parameters: none, signal: undefined, repeatable: true, deadline: SHORT },
  connectedPeers: { parameters: none, signal: undefined, repeatable: true, deadline: SHORT },
  chunkMap: { parameters: v.tuple([digest]), signal: undefined, repeatable: true, deadline: SHORT },
  poster: { parameters: v.tuple([digest]), signal: undefined, repeatable: true, deadline: SHORT },
  captions: { parameters: v.tuple([digest]), signal: undefined, repeatable: true, deadline: SHORT },
  link: { parameters: v.tuple([digest]), signal: undefined, repeatable: true, deadline: SHORT },
  lookup: {
    parameters: v.tuple([text, optional(lookupOptions)]),
    signal: 2,
    repeatable: true,
    deadline: LONG
  },
  verify: { parameters: v.tuple([text, text]), signal: 2, repeatable: true, deadline: undefined },
  streamUrl: { parameters: v.tuple([digest]), signal: undefined, repeatable: true, deadline: LONG },
  streamOrigin: { parameters: v.tuple([]), signal: undefined, repeatable: true, deadline: SHORT },
  expectPlayer: { parameters: v.tuple([digest]), signal: undefined, repeatable: true, deadline: SHORT },
  allowStreamHost: { parameters: v.tuple([text]), signal: undefined, repeatable: true, deadline: SHORT }
}

/** Every event of a peer. One that is missing here does not compile. */
export const PEER_EVENTS: { readonly [Name in PeerEventName]: Name } = {
  status: 'status',
  video: 'video',
  videoRemoved: 'videoRemoved',
  peers: 'peers',
  shareProgress: 'shareProgress',
  lookupStep: 'lookupStep',
  log: 'log'
}

/** The names of all methods. */
export const PEER_METHOD_NAMES = Object.keys(PEER_METHODS).filter(isPeerMethod)

/** Whether the engine has a method of this name. */
export function isPeerMethod(name: string): name is PeerMethod {
  return Object.hasOwn(PEER_METHODS, name)
}

/** A client's first words. */
export const helloSchema = v.object({
  version: v.number(),
  /** Whether this client takes the peer over when its owner goes. */
  heir: v.boolean()
})

/** Parameters of `SUBSCRIBE`: the event's name, and whether it is wanted. */
export const subscriptionSchema = v.tuple([v.enum(PEER_EVENTS), v.boolean()])

/**
 * The arguments that a client sent, checked, with `signal` where the method takes one.
 * @throws PeerError PROTOCOL_VIOLATION
 */
export function parseArguments(method: PeerMethod, parameters: unknown, signal: AbortSignal): unknown[] {
  const { parameters: schema, signal: position } = PEER_METHODS[method]
  const result = v.safeParse<v.GenericSchema<unknown, unknown[]>>(schema, parameters ?? [])
  if (!result.success) {
    throw new PeerError(
      'PROTOCOL_VIOLATION',
      `The arguments of ${method} are not valid (${result.issues[0].message}). Reload every window that uses Chordcast.`
    )
  }
  const values = result.output
  if (position !== undefined) values[position] = signal
  return values
}

/** The wire form of a call's arguments: the signal is taken out, and what follows the last given one is left out. */
export function splitArguments(
  method: PeerMethod,
  values: readonly unknown[]
): { parameters: unknown[]; signal?: AbortSignal } {
  const position = PEER_METHODS[method].signal
  const parameters = values.slice(0, position)
  while (parameters.length > 0 && parameters.at(-1) === undefined) parameters.pop()
  const signal = position === undefined ? undefined : values[position]
  return signal instanceof AbortSignal ? { parameters, signal } : { parameters }
}

const errorDataSchema = v.object({ code: v.pipe(v.string(), v.regex(/^[A-Z_]{1,64}$/)) })

/** What of an error crosses the socket: code and sentence. */
export function encodeError(error: unknown): { message: string; data: { code: PeerErrorCode } } {
  const { message, code } = toPeerError(error)
  return { message, data: { code } }
}

/** The `PeerError` that an owner answered with; INTERNAL for an answer that is none of ours. */
export function decodeError(message: string, data: unknown): PeerError {
  const result = v.safeParse(errorDataSchema, data)
  // A code that only a later version knows is a string like any other to whoever compares it.
  const code = result.success ? (result.output.code as PeerErrorCode) : 'INTERNAL'
  return new PeerError(code, message)
}
