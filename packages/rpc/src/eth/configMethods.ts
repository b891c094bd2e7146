import { crc32 } from 'node:zlib'
import type { ChainView } from '@openliquid/execution'
import { uintToBytes } from '@openliquid/primitives'
import type { RpcMethod } from '../transport/jsonRpc.ts'
import type { ChainReader } from './chainReader.ts'
import { data, quantity } from './ethEncoding.ts'
import { checkParamCount } from './ethParams.ts'

/** Ethereum's own precompiles in Cancun, by the names of EIP-7910. */
const ETHEREUM_PRECOMPILES = [
  'ECREC',
  'SHA256',
  'RIPEMD160',
  'ID',
  'MODEXP',
  'BN254_ADD',
  'BN254_MUL',
  'BN254_PAIRING',
  'BLAKE2F',
] as const

/** What the chain is and what this node keeps of it: eth_config, eth_capabilities. */
export function configMethods(
  view: ChainView,
  reader: ChainReader,
): readonly [string, RpcMethod][] {
  return [
    [
      'eth_config',
      (params) => {
        checkParamCount(params, { min: 0, max: 0 })
        const current = {
          activationTime: 0,
          // A chain without blobs.
          blobSchedule: null,
          chainId: quantity(view.chain.chainId),
          // EIP-6122 with no fork after the genesis, which is that of both worlds.
          forkId: data(uintToBytes(crc32(view.chain.genesisHash), 4)),
          precompiles: precompilesOf(view),
          systemContracts: {},
        }
        return { current, next: null, last: null }
      },
    ],
    [
      'eth_capabilities',
      (params) => {
        checkParamCount(params, { min: 0, max: 0 })
        return reader.read((evm) => {
          const { hash, header } = evm.head
          const from = (oldest: bigint): object => ({
            disabled: false,
            oldestBlock: quantity(oldest),
          })
          const whole = from(evm.oldestBlock)
          const states = {
            ...from(evm.oldestState),
            deleteStrategy: { type: 'window', retentionBlocks: evm.statesKept },
          }
          return {
            head: { number: quantity(header.number), hash: data(hash) },
            state: states,
            tx: whole,
            logs: whole,
            receipts: whole,
            blocks: whole,
            stateproofs: states,
          }
        })
      },
    ],
  ]
}

function precompilesOf({ chain }: ChainView): Readonly<Record<string, string>> {
  const ethereum = ETHEREUM_PRECOMPILES.map(
    (name, index) => [name, data(uintToBytes(index + 1, 20))] as const,
  )
  const ours = chain.precompiles.map(({ name, address }) => [name, data(address)] as const)
  return Object.fromEntries([...ethereum, ...ours])
}
