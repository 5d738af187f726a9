import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { TurnBudget } from '../../src/peer/turn-budget.ts'

describe('a budget of work for each turn of the event loop', () => {
  it('puts off what does not fit, and nothing for good', async () => {
    const budget = new TurnBudget(10)
    assert.equal(budget.tryTake(6), true)
    assert.equal(budget.tryTake(6), false)
    const turns: number[] = []
    let turn = 0
    const waiting = [6, 6, 4].map(async bytes => {
      await budget.take(bytes)
      turns.push(turn)
    })
    for (turn = 1; turn <= 3; turn++) await setImmediate()
    await Promise.all(waiting)
    assert.equal(turns.length, 3)
    assert.ok(new Set(turns).size > 1, String(turns))
  })

  it('lets a portion pass that is larger than a turn', async () => {
    const budget = new TurnBudget(10)
    await budget.take(100)
    assert.equal(budget.tryTake(1), false)
  })
})
