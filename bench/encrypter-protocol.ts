/** `stock` is `@libp2p/tls`; `kernel` is TLS on the kernel's socket. */
export type Encrypter = 'plaintext' | 'stock' | 'kernel'

/** What is measured; a warm-up comes before. */
export const TOTAL_BYTES = 256 * 1024 * 1024

/** What one side says when all has gone over. */
export interface Answer {
  seconds: number
  /** User and system time in seconds. */
  cpu: number
}
