import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { DEFAULT_STRATEGY, parseStrategy } from '../../src/peer/strategy.ts'

describe('strategies for measurements', () => {
  it('change what is named and keep the rest', () => {
    assert.deepEqual(parseStrategy('selection=random,pool=off'), {
      ...DEFAULT_STRATEGY,
      selection: 'random',
      pool: 'off'
    })
  })

  for (const wrong of ['', 'selection', 'selection=best', 'toString=on', 'pool=on,order=']) {
    it(`refuse "${wrong}" and name the choices`, () => {
      assert.throws(() => parseStrategy(wrong), /a strategy has|is one of/)
    })
  }
})
