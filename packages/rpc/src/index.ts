export {
  RpcError,
  type RpcFault,
  RpcListenError,
  type RpcListenFault,
} from './errors.ts'
export { DEFAULT_RPC_LIMITS, PUBLIC_RPC_LIMITS, type RpcLimits } from './limits.ts'
export type { RpcLogger } from './logger.ts'
export { RPC_METRICS } from './metrics.ts'
export { createRpcServer, type RpcServer, type RpcServerOptions } from './rpcServer.ts'
