import { setTimeout as delay } from 'node:timers/promises'

/** Polls what gives no event, until `attempt` returns something. Rejects with what was awaited. */
export async function eventually<T>(
  what: string,
  milliseconds: number,
  attempt: () => Promise<T | undefined>
): Promise<T> {
  const deadline = performance.now() + milliseconds
  for (;;) {
    const result = await attempt()
    if (result !== undefined) return result
    if (performance.now() > deadline) throw new Error(`Not within ${milliseconds / 1000} s: ${what}`)
    await delay(200)
  }
}
