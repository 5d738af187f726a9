const units = ['B', 'KB', 'MB', 'GB', 'TB']

/** Size in words, 1024-based as everywhere in the editor: `0 B`, `2.5 MB`, `300 MB`. */
export function formatBytes(bytes: number): string {
  let value = Math.max(0, bytes)
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1
  return `${value.toFixed(digits).replace(/\.0$/, '')} ${units[unit]}`
}

/** Bytes per second in words: `3.2 MB/s`. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`
}

/** Whole percent, rounded down so that 100 means complete; 0 when nothing is known. */
export function percentOf(part: number, whole: number): number {
  return whole > 0 ? Math.min(100, Math.floor((part / whole) * 100)) : 0
}

/** Playing time: `0:07`, `12:34`, `1:02:03`. What is not a finite time is `0:00`. */
export function formatTime(seconds: number): string {
  const whole = Number.isFinite(seconds) ? Math.max(0, Math.floor(seconds)) : 0
  const two = (value: number): string => String(value).padStart(2, '0')
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor((whole % 3600) / 60)
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}

/** `1 peer`, `2 peers`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** The end of a peer id, which is where ids differ. */
export function shortPeerId(peerId: string): string {
  return peerId.length > 8 ? `…${peerId.slice(-8)}` : peerId
}

/**
 * A multiaddr as people read it: `192.168.1.4:4001`, or `192.168.1.9:4001 (relay)`.
 * What is not understood comes back as it is.
 */
export function describeAddress(multiaddr: string): string {
  const match = /^\/(?:ip4|ip6|dns|dns4|dns6|dnsaddr)\/([^/]+)(?:\/tcp\/(\d+))?/.exec(multiaddr)
  if (match === null) return multiaddr
  const [, name = '', port] = match
  const host = name.includes(':') ? `[${name}]` : name
  const where = port === undefined ? host : `${host}:${port}`
  return multiaddr.includes('/p2p-circuit') ? `${where} (relay)` : where
}

/**
 * A name that somebody else chose, made harmless for one line of text: control characters and those that turn
 * the direction of writing are replaced, and it is at most 200 characters long.
 */
export function displayName(name: string): string {
  const clean = name.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '�')
  return clean.length > 200 ? `${clean.slice(0, 199)}…` : clean
}
