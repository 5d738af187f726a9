export interface RaceOptions<Candidate, Result> {
  /** Attempts under way at once, at most. */
  parallel: number
  signal: AbortSignal
  attempt(candidate: Candidate, signal: AbortSignal): Promise<Result>
  /** Takes what succeeded after another had won. */
  discard(result: Result): void
}

/**
 * Tries candidates side by side; the first success wins, and the other attempts are aborted.
 * @throws AggregateError of all failures when none succeeds; the signal's reason when aborted
 */
export async function raceCandidates<Candidate, Result>(
  candidates: readonly Candidate[],
  options: RaceOptions<Candidate, Result>
): Promise<Result> {
  const { signal, parallel } = options
  signal.throwIfAborted()
  const race = new Race(candidates, options)
  const forward = (): void => race.end(signal.reason)
  signal.addEventListener('abort', forward, { once: true })
  try {
    return await Promise.any(Array.from({ length: parallel }, () => race.run()))
  } catch {
    signal.throwIfAborted()
    throw new AggregateError(race.failures, 'Every attempt failed.')
  } finally {
    signal.removeEventListener('abort', forward)
  }
}

class Race<Candidate, Result> {
  readonly failures: unknown[] = []
  readonly #waiting: Candidate[]
  readonly #options: RaceOptions<Candidate, Result>
  readonly #over = new AbortController()

  constructor(candidates: readonly Candidate[], options: RaceOptions<Candidate, Result>) {
    this.#waiting = [...candidates]
    this.#options = options
  }

  end(reason?: unknown): void {
    this.#over.abort(reason)
  }

  /** One lane: one attempt after the other, until one succeeds anywhere. */
  async run(): Promise<Result> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (this.#over.signal.aborted) break
      try {
        return this.#win(await this.#options.attempt(next, this.#over.signal))
      } catch (error) {
        this.failures.push(error)
      }
    }
    throw new Error('No candidate is left.')
  }

  #win(result: Result): Result {
    if (this.#over.signal.aborted) {
      this.#options.discard(result)
      throw new Error('Another candidate won.')
    }
    this.end()
    return result
  }
}
