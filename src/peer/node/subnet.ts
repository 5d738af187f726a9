import { BlockList, isIP } from 'node:net'
import type { NetworkInterfaceInfo, networkInterfaces } from 'node:os'

type Interfaces = ReturnType<typeof networkInterfaces>

/** Whether `host` is a loopback address or one of this machine's own. */
export function onSameMachine(host: string, interfaces: Interfaces): boolean {
  if (host === '::1' || host.startsWith('127.')) return true
  return allOf(interfaces).some(own => own.address === host)
}

/** Whether `host` lies in a subnet of one of this machine's interfaces. */
export function onSameSubnet(host: string, interfaces: Interfaces): boolean {
  const version = isIP(host)
  if (version === 0) return false
  const family = version === 6 ? 'ipv6' : 'ipv4'
  return allOf(interfaces).some(own => {
    const prefix = Number(own.cidr?.split('/')[1])
    if (own.family.toLowerCase() !== family || Number.isNaN(prefix)) return false
    const block = new BlockList()
    block.addSubnet(own.address, prefix, family)
    return block.check(host, family)
  })
}

function allOf(interfaces: Interfaces): NetworkInterfaceInfo[] {
  return Object.values(interfaces).flatMap(list => list ?? [])
}
