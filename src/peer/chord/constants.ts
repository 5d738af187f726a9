/** Bits of a ring position: SHA-256. */
export const RING_BITS = 256

/** Length of the successor list; below `SUCCESSORS + 1` members every member lists every other. */
export const SUCCESSORS = 8
/** Length of the successor list in a ring of more than `LARGE_RING` members. */
export const SUCCESSORS_LARGE = 16
/** Estimated members from which the longer successor list is used. */
export const LARGE_RING = 500

/** Estimated members from which successor lists are kept diverse, and entries of one public IP range in them. */
export const DIVERSE_RING = 64
export const MAX_SUCCESSORS_PER_RANGE = 2

/** Copies of a record: its owner and the next three members. */
export const REPLICAS = 4
/** Copies that make a publication *acknowledged*. */
export const ACKNOWLEDGED_COPIES = 2
/** Copies that a reader asks for at first. */
export const READ_COPIES = 3

/** Peers asked at the same time during a look-up. */
export const LOOKUP_PARALLELISM = 3
/**
 * Milliseconds after which a peer that has not answered no longer holds its look-up up: another one is asked beside it, as
 * BitTorrent's DHT does.
 */
export const LOOKUP_SLOW_AFTER = 1_000
/** Peers that one answer to a look-up names. */
export const CLOSER_CONTACTS = 4
/** Peers that one look-up asks at most: a ring of any size needs far fewer, so more means that somebody lies. */
export const LOOKUP_MAX_CONTACTS = 96

/**
 * Disjoint paths that have to lead to the same owner. A read that finds nothing tries further ones; a join has to be quick, and
 * its place is put right by stabilising; a store would not notice that it went to liars.
 */
export const AGREEING_PATHS_READ = 2
export const AGREEING_PATHS_JOIN = 3
export const AGREEING_PATHS_STORE = 4
/** Disjoint paths by which the owners of a key are sought at most while answers disagree or nothing is found. */
export const MAX_PATHS = 8
/** Answers of one look-up put aside because they name implausible owners, before the nearest of those is believed. */
export const MAX_DOUBTS = 6

/** Candidates kept for one finger interval. */
export const FINGER_CANDIDATES = 16
/** Fingers looked up in one stabilise round, and in one of the first after a join. */
export const FINGERS_PER_ROUND = 1
export const FINGERS_PER_FIRST_ROUND = 2
/** Stabilise rounds between two looks at whether others know this peer where it stands, and while it has joined lately. */
export const ROUNDS_PER_SELF_LOOKUP = 4
export const ROUNDS_PER_SELF_LOOKUP_SETTLING = 2

/** Milliseconds between stabilise rounds, and how far each may deviate (a quarter either way). */
export const STABILISE_INTERVAL = 15_000
/** Milliseconds between stabilise rounds during the first `SETTLING_PERIOD` after a join. */
export const STABILISE_INTERVAL_SETTLING = 5_000
export const SETTLING_PERIOD = 120_000
export const STABILISE_JITTER = 0.25
/** Milliseconds that several wishes for an immediate round are gathered. */
export const STABILISE_DEBOUNCE = 50
/** Milliseconds between two rounds that were wished for. */
export const STABILISE_MIN_SPACING = 250

/** Bounds of an RPC's deadline in milliseconds; between them it follows the measured round-trip time. */
export const RPC_TIMEOUT_MIN = 2_000
export const RPC_TIMEOUT_MAX = 6_000
/** Misses in a row after which a peer counts as dead. */
export const MISSES_UNTIL_DEAD = 2
/** Milliseconds that a dead peer is refused when others still name it. */
export const DEAD_MEMORY = 60_000
/** Milliseconds after which a peer marked dead may be asked again when a successor names it as predecessor. */
export const DEAD_RETRY = 5_000
/** Former neighbours remembered so that a healed partition finds itself again. */
export const LOST_CONTACTS = 32

/** Lifetime of a provider record in milliseconds. */
export const PROVIDER_RECORD_TTL = 30 * 60_000
/** Lifetime of a tombstone in milliseconds. */
export const TOMBSTONE_TTL = 30 * 24 * 60 * 60_000
/** Signed times may be this far from ours, in milliseconds. */
export const CLOCK_TOLERANCE = 24 * 60 * 60_000
/** A record is published again at this share of its lifetime, and deviates by `REPUBLISH_JITTER`. */
export const REPUBLISH_AT = 0.5
export const REPUBLISH_JITTER = 0.1
/** Milliseconds between two versions of a record while its ranges change. */
export const REWRITE_INTERVAL = 60_000

/** Bounds of one record. */
export const MAX_RECORD_BYTES = 4096
export const MAX_ADDRESSES = 12
export const MAX_ADDRESS_LENGTH = 256
export const MAX_RANGES = 128
export const MAX_CHUNK_COUNT = 1 << 20

/** Bounds of what a member stores for others. */
export const MAX_RECORDS = 65_536
export const MAX_RECORDS_PER_KEY = 64
export const MAX_RECORDS_PER_PROVIDER = 4096
export const MAX_TOMBSTONES_PER_KEY = 4

/** Bounds of one message. */
export const MAX_FRAME_BYTES = 512 * 1024
export const MAX_CONTACTS_PER_MESSAGE = 32
export const MAX_RECORDS_PER_MESSAGE = 64
/** Records of one page or push, so that a message of the largest records stays within `MAX_FRAME_BYTES`. */
export const RECORDS_PER_PAGE = 64

/** Requests that one stream may have open at the same time. */
export const MAX_REQUESTS_PER_STREAM = 32
/** Requests a second that one peer may send on average, and at once. */
export const REQUESTS_PER_SECOND = 50
export const REQUEST_BURST = 400
