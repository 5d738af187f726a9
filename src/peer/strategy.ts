/**
 * The policies of a swarm, each of which can be exchanged for a plainer one to measure what it is worth. Not for users: what they
 * get is `DEFAULT_STRATEGY`. A process takes another one from `--strategy key=value,…`, a simulation through constructors.
 */
export interface Strategy {
  /**
   * Which holder is asked for a chunk: `scored` by expected finish × load × reputation; `rate` by expected finish alone; `random`
   * among those with room for a request.
   */
  readonly selection: 'scored' | 'rate' | 'random'
  /** Which missing chunk comes next, apart from what a player needs and the chunks at either end. */
  readonly order: 'rarest' | 'random' | 'sequential'
  /** `off`: a connection of its own for each stream, and none closed for being idle. */
  readonly pool: Switch
  /** `off`: no hints; holders are known from links and the ring's records alone. */
  readonly gossip: Switch
  /** `off`: a holder shows several receivers all of its chunks at once. */
  readonly firstCopy: Switch
}

export type Switch = 'on' | 'off'

/** What a picker needs of it. */
export type PickStrategy = Pick<Strategy, 'selection' | 'order'>

export const DEFAULT_STRATEGY: Strategy = {
  selection: 'scored',
  order: 'rarest',
  pool: 'on',
  gossip: 'on',
  firstCopy: 'on'
}

const CHOICES: Record<keyof Strategy, readonly string[]> = {
  selection: ['scored', 'rate', 'random'],
  order: ['rarest', 'random', 'sequential'],
  pool: ['on', 'off'],
  gossip: ['on', 'off'],
  firstCopy: ['on', 'off']
}

/**
 * Reads `selection=random,pool=off`; what is not named stays as `DEFAULT_STRATEGY` has it.
 * @throws RangeError that names the choices
 */
export function parseStrategy(text: string): Strategy {
  const chosen = text.split(',').map(pair => {
    const [key = '', value = ''] = pair.split('=')
    if (!isKey(key)) throw new RangeError(`a strategy has ${Object.keys(CHOICES).join(', ')}.`)
    if (!CHOICES[key].includes(value)) throw new RangeError(`${key} is one of ${CHOICES[key].join(', ')}.`)
    return [key, value]
  })
  return { ...DEFAULT_STRATEGY, ...Object.fromEntries(chosen) }
}

function isKey(key: string): key is keyof Strategy {
  return Object.hasOwn(CHOICES, key)
}
