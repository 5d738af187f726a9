import { claimControl } from '../../../src/peer/control/control-lock.ts'

// A child process: tries for the lock of a folder until it owns it or is a client, tells its parent, and holds on.
const [folder = ''] = process.argv.slice(2)

async function race(): Promise<void> {
  for (;;) {
    const role = await settle()
    if (role) {
      process.send?.(role)
      return
    }
    await new Promise(resolve => setTimeout(resolve, Math.random() * 10))
  }
}

/** A taker may step back after others connected to it: who is a client shows only in the owner's greeting. */
async function settle(): Promise<'owner' | 'client' | undefined> {
  const claim = await claimControl(folder, true)
  if (claim?.role === 'owner') claim.lock.onConnection(socket => socket.resume().write('hello'))
  if (claim?.role !== 'client') return claim?.role
  const { socket } = claim
  return await new Promise(resolve => {
    socket.once('data', () => {
      socket.removeAllListeners('close').once('close', () => race().catch(fail))
      resolve('client')
    })
    socket.once('close', () => resolve(undefined))
    socket.on('error', () => socket.destroy())
  })
}

function fail(error: unknown): void {
  console.error(error)
  process.exit(1)
}

process.once('disconnect', () => process.exit())
process.once('message', () => race().catch(fail))
process.send?.('ready')
