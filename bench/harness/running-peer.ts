import type { PeerApi } from '../../src/peer/api.ts'
import { type OpenedPeer, openPeer } from '../../src/peer/control/open-peer.ts'
import { FileSealStore } from '../../src/peer/identity/seal-store.ts'
import { startChordcast } from './chordcast.ts'
import type { LineProcess } from './line-process.ts'

/** Milliseconds in which it must be in the ring: many start at a time. */
const START_DEADLINE = 120_000

/** A `chordcast` process that stays, and a line to its control socket: it can be asked without starting another process. */
export class RunningPeer {
  readonly process: LineProcess
  readonly #control: OpenedPeer

  private constructor(process: LineProcess, control: OpenedPeer) {
    this.process = process
    this.#control = control
  }

  /**
   * Resolves when it is in the ring, and shares.
   *
   * @param args command and options; the first one is `peer` or `share`
   */
  static async start(data: string, args: readonly string[]): Promise<RunningPeer> {
    const process = startChordcast(data, args)
    try {
      await process.event(args[0] === 'share' ? 'shared' : 'ring', START_DEADLINE)
      const sealStore = new FileSealStore(data)
      const settings = { hosts: ['127.0.0.1'], port: 0, lanDiscovery: false, downloadFolder: data }
      const control = await openPeer({
        dataFolder: data,
        sealStore,
        settings: { ...settings, uploadLimit: 0, downloadLimit: 0, stay: false },
        clientOnly: true,
        log: () => undefined
      })
      return new RunningPeer(process, control)
    } catch (error) {
      await process.stop()
      throw error
    }
  }

  get api(): PeerApi {
    return this.#control.api
  }

  /** The address that others dial. */
  async address(): Promise<string> {
    const { addresses } = await this.process.event('listening')
    return String((addresses as string[])[0])
  }

  async stop(): Promise<void> {
    await this.#control.close()
    await this.process.stop()
  }
}
