import assert from 'node:assert/strict'
import {
  type AccessDecision,
  type AccessPolicy,
  type AccessSituation,
  type DeniedReason,
  decideAccess,
  deniedSentence,
  grantersOf
} from '../../../src/peer/keys/access-policy.ts'

const asked: AccessSituation = {
  receiverPeerId: 'QmAnna',
  isOwner: true,
  isShared: true,
  receivers: new Set(['QmBob']),
  now: 1000
}
const grant: AccessDecision = { outcome: 'grant' }
const ask: AccessDecision = { outcome: 'ask' }
const deny = (reason: DeniedReason): AccessDecision => ({ outcome: 'deny', reason })

describe('Access policy', () => {
  const open: AccessPolicy = { kind: 'open' }
  const askEach: AccessPolicy = { kind: 'ask' }
  const anna: AccessPolicy = { kind: 'peers', allowed: ['QmAnna'] }
  const again = { receiverPeerId: 'QmBob' }

  const cases: [what: string, AccessPolicy, Partial<AccessSituation>, AccessDecision][] = [
    ['open grants anyone', open, {}, grant],
    ['open lets a holder grant', open, { isOwner: false }, grant],
    ['open grants nothing once un-shared', open, { isShared: false }, deny('withdrawn')],
    ['ask leaves it to the owner', askEach, {}, ask],
    ['ask lets who was approved ask again', askEach, again, grant],
    ['ask lets no holder grant', askEach, { isOwner: false }, deny('not-owner')],
    ['ask ends at its expiry', { ...askEach, expires: 1000 }, {}, deny('expired')],
    ['ask stands until its expiry', { ...askEach, expires: 1001 }, {}, ask],
    ['ask stops at its maximum', { ...askEach, maxReceivers: 1 }, {}, deny('full')],
    ['ask goes on below its maximum', { ...askEach, maxReceivers: 2 }, {}, ask],
    ['a maximum does not turn away who has it', { ...askEach, maxReceivers: 1 }, again, grant],
    ['an expiry turns away who has it', { ...askEach, expires: 1 }, again, deny('expired')],
    ['peers grants who is listed', anna, {}, grant],
    ['peers refuses who is not', anna, { receiverPeerId: 'QmEve' }, deny('not-listed')],
    ['peers refuses who was taken off the list', anna, again, deny('not-listed')],
    ['peers lets no holder grant', anna, { isOwner: false }, deny('not-owner')],
    ['peers grants nothing once un-shared', anna, { isShared: false }, deny('withdrawn')],
    ['peers stops at its maximum', { ...anna, maxReceivers: 1 }, {}, deny('full')]
  ]
  for (const [what, policy, situation, decision] of cases) {
    it(what, () => assert.deepEqual(decideAccess(policy, { ...asked, ...situation }), decision))
  }

  it('tells in the manifest who may grant', () => {
    assert.deepEqual(
      [grantersOf('open'), grantersOf('ask'), grantersOf('peers')],
      ['holders', 'owner', 'owner']
    )
  })

  it('tells the one who is turned away what to do', () => {
    for (const reason of ['withdrawn', 'not-owner', 'expired', 'full', 'not-listed'] as const) {
      assert.match(deniedSentence(reason), /^[A-Z].*\. [A-Z].*\.$/)
    }
  })
})
