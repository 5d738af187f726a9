import { type FileSystem, systemFiles } from '../../../src/peer/download/file-system.ts'

/** The real file system, which counts open files and can be slow to make data durable. */
export class WatchedDisk implements FileSystem {
  readonly link = systemFiles.link
  readonly lstat = systemFiles.lstat
  readonly mkdir = systemFiles.mkdir
  readonly rename = systemFiles.rename
  readonly rm = systemFiles.rm
  readonly stat = systemFiles.stat
  readonly unlink = systemFiles.unlink
  openFiles = 0
  onDatasync: () => Promise<void> = () => Promise.resolve()

  readonly open: FileSystem['open'] = async (path, flags, mode) => {
    const handle = await systemFiles.open(path, flags, mode)
    this.openFiles++
    const close = handle.close.bind(handle)
    const datasync = handle.datasync.bind(handle)
    handle.close = async () => {
      await close()
      this.openFiles--
    }
    handle.datasync = async () => {
      await this.onDatasync()
      await datasync()
    }
    return handle
  }
}
