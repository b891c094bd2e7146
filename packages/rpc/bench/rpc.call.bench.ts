// CPU time of the server for one `eth_call` of a warm view function: HTTP, JSON, the EVM and back. The client is a
// process of its own.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { compileSolidity, EvmFixture, FIXTURE_ADDRESSES } from '@openliquid/evm/testing'
import { bytesToHex, concatBytes, hexToBytes } from '@openliquid/primitives'
import { memoryStore } from '@openliquid/storage/testing'
import { median, repeat, report, seriesCpuMs } from '../../../bench/figure.ts'
import { createRpcServer } from '../src/index.ts'
import { memoryChain } from '../test/memoryChainView.ts'

const CALLS = 500

const SOURCE = `pragma solidity ^0.8.0;
contract Token {
  mapping(address => uint256) public balanceOf;
  constructor() { balanceOf[msg.sender] = 1000; }
}`

const fixture = await EvmFixture.create({ store: memoryStore() })
const { initCode } = compileSolidity(SOURCE, 'Token', { optimize: true })
const [deployed] = (
  await fixture.block([fixture.transaction({ data: initCode, gasLimit: 1_000_000n })])
).receipts
const [owner] = FIXTURE_ADDRESSES
if (deployed?.contractAddress === undefined || owner === undefined) throw new Error('no contract')

// balanceOf(address)
const data = concatBytes(hexToBytes('0x70a08231'), new Uint8Array(12), owner)
const params = [{ to: bytesToHex(deployed.contractAddress), data: bytesToHex(data) }, 'latest']
const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_call', params })

const server = createRpcServer({
  view: memoryChain({}, fixture.executor.view).view,
  host: '127.0.0.1',
  port: 0,
  serveEth: true,
  serveInfo: false,
})
await server.start()
const client = fork(fileURLToPath(new URL('callClient.mjs', import.meta.url)), [server.url, body])

const runs = await repeat(9, 2, async () => {
  const ms = await seriesCpuMs(async () => {
    client.send(CALLS)
    const [answer] = await once(client, 'message')
    if (!String(answer).includes('3e8"')) throw new Error(`not the balance: ${answer}`)
  })
  return ms / CALLS
})
report({ id: 'rpc.call', value: median(runs), unit: 'ms CPU', op: '<=', target: 0.5, runs })
client.kill()
await server.stop()
