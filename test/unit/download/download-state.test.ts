import assert from 'node:assert/strict'
import { nextState } from '../../../src/peer/download/download-state.ts'

describe('the state of a download', () => {
  it('stays failed when it is paused, until it starts again', () => {
    assert.equal(nextState('failed', 'pause'), 'failed')
    assert.equal(nextState('failed', 'start'), 'finding')
  })

  it('is complete once the file is in its place, paused or resumed meanwhile', () => {
    assert.equal(nextState('paused', 'file-in-place'), 'complete')
    assert.equal(nextState('finding', 'file-in-place'), 'complete')
  })
})
