import assert from 'node:assert/strict'
import { once } from 'node:events'
import { EventEmitter } from '../../../src/peer/event-emitter.ts'

describe('an event emitter', () => {
  it('calls every listener and goes on when one throws, and tells the error', () => {
    const errors: unknown[] = []
    const heard: number[] = []
    const emitter = new EventEmitter<{ number: number }>(error => errors.push(error))
    const fault = new Error('a listener failed')
    emitter.on('number', () => {
      throw fault
    })
    emitter.on('number', value => heard.push(value))
    emitter.emit('number', 7)
    assert.deepEqual(heard, [7])
    assert.deepEqual(errors, [fault])
  })

  it('does not hide an error that nobody takes', async () => {
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    try {
      const emitter = new EventEmitter<{ number: number }>()
      const fault = new Error('a listener failed')
      emitter.on('number', () => {
        throw fault
      })
      const uncaught = once(process, 'uncaughtException')
      emitter.emit('number', 7)
      assert.equal((await uncaught)[0], fault)
    } finally {
      for (const listener of listeners) process.on('uncaughtException', listener)
    }
  })

  it('calls nobody who unsubscribed', () => {
    const heard: number[] = []
    const emitter = new EventEmitter<{ number: number }>()
    const stop = emitter.on('number', value => heard.push(value))
    stop()
    stop()
    emitter.emit('number', 7)
    assert.deepEqual(heard, [])
  })
})
