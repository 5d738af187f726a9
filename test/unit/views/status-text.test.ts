import assert from 'node:assert/strict'
import { type StatusInput, statusText } from '../../../src/views/status-bar/status-text.ts'
import { fakeStatus } from './fake-peer-api.ts'

function input(values: Partial<StatusInput> = {}): StatusInput {
  return {
    state: 'joined',
    failure: undefined,
    status: fakeStatus({ connections: 2 }),
    role: 'owner',
    ...values
  }
}

describe('the status bar item', () => {
  it('counts peers, and shows rates only while something moves', () => {
    assert.equal(statusText(input()).text, '$(broadcast) 2 peers')
    const status = fakeStatus({ connections: 1, downloadBytesPerSecond: 2048, uploadBytesPerSecond: 1024 })
    assert.equal(
      statusText(input({ status })).text,
      '$(broadcast) 1 peer $(arrow-down) 2 KB/s $(arrow-up) 1 KB/s'
    )
  })

  it('says what it shows to those who do not see it', () => {
    const status = fakeStatus({ connections: 1, downloadBytesPerSecond: 2048 })
    const { accessibilityLabel } = statusText(input({ status }))
    assert.equal(accessibilityLabel, 'Chordcast: in the network, 1 peer connected, receiving 2 KB/s')
  })

  it('tells the stage while joining', () => {
    const status = fakeStatus({ state: 'starting', stage: 'Dialling bootstrap 1 of 3' })
    const { text, tooltip } = statusText(input({ state: 'starting', status }))
    assert.equal(text, '$(loading~spin) Joining…')
    assert.deepEqual(tooltip.rows, [
      ['State', 'joining'],
      ['Stage', 'Dialling bootstrap 1 of 3']
    ])
  })

  it('warns on failure, with the reason', () => {
    const failure = { code: 'PORT_IN_USE' as const, message: 'Port 4001 is in use. Choose another one.' }
    const { isWarning, tooltip, accessibilityLabel } = statusText(input({ state: 'failed', failure }))
    assert.ok(isWarning)
    assert.equal(tooltip.note, failure.message)
    assert.match(accessibilityLabel, /Port 4001/)
  })

  it('tells that another window runs the peer', () => {
    const { tooltip } = statusText(input({ role: 'client' }))
    assert.ok(
      tooltip.rows.some(([label, value]) => label === 'Peer' && value === 'shared with another window')
    )
  })

  it('is quiet while stopped', () => {
    assert.equal(
      statusText(input({ state: 'stopped', status: undefined, role: undefined })).text,
      '$(circle-slash) Chordcast'
    )
  })
})
