import assert from 'node:assert/strict'
import { nodeComplaint } from '../../../src/cli/node-version.ts'

describe('the Node.js that runs the command', () => {
  it('is told to be too old, with its version and a way out', () => {
    assert.match(nodeComplaint('20.20.2') ?? '', /Node\.js 22.*20\.20\.2.*node_modules/)
    assert.ok(nodeComplaint('8.0.0'))
  })

  it('is not complained of otherwise', () => {
    assert.equal(nodeComplaint('22.0.0'), undefined)
    assert.equal(nodeComplaint('24.21.0'), undefined)
    assert.equal(nodeComplaint(process.versions.node), undefined)
  })
})
