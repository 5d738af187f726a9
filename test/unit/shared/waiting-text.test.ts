import assert from 'node:assert/strict'
import { waitingText } from '../../../src/shared/waiting-text.ts'

const map = { states: '3101', holders: '1203' }

describe('a player that stands still', () => {
  it('names the chunk and how many peers have it', () => {
    assert.equal(waitingText(map, 1, 'joined').text, 'Waiting for chunk 1 from 2 peers')
  })

  it('says so when nobody has it', () => {
    assert.match(waitingText(map, 2, 'joined').text, /No connected peer holds chunk 2/)
  })

  it('offers to join when the peer is not in the network', () => {
    assert.equal(waitingText(map, 1, 'stopped').offersJoin, true)
    assert.equal(waitingText(map, 1, 'starting').offersJoin, false)
  })

  it('only buffers when no chunk is awaited', () => {
    assert.equal(waitingText(map, undefined, 'stopped').text, 'Buffering…')
  })
})
