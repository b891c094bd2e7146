import type { EVM, ExecResult } from '@ethereumjs/evm'
import { Account, Address as LibraryAddress } from '@ethereumjs/util'
import type { EvmCode } from './evmCode.ts'
import type { FastFrame } from './fastFrame.ts'
import type { FastMessage } from './fastMessage.ts'

type RunState = NonNullable<ExecResult['runState']>

/** Prototypes of the library's objects that its handlers work on; the package does not export the classes. */
export interface LibraryShapes {
  readonly interpreter: object
  readonly stack: object
  readonly memory: object
}

/** A frame as the library's handlers want to see it: its own classes over our registers. */
export class HandlerView {
  readonly runState: RunState
  readonly stack: { _len: number }
  readonly #memory: { _store: Uint8Array }
  readonly #interpreter: { _env: object }
  #message: FastMessage | undefined
  #code: EvmCode | undefined

  constructor(shapes: LibraryShapes, library: EVM, frame: FastFrame) {
    this.stack = Object.assign(Object.create(shapes.stack), {
      _store: frame.stack,
      _len: 0,
      _maxHeight: 1_024,
    })
    this.#memory = Object.assign(Object.create(shapes.memory), { _store: frame.memory })
    const runState = {
      programCounter: 0,
      opCode: 0,
      stack: this.stack,
      memory: this.#memory,
      shouldDoJumpAnalysis: false,
    }
    this.#interpreter = Object.assign(Object.create(shapes.interpreter), {
      _evm: library,
      common: library.common,
      _runState: runState,
      _env: {},
    })
    this.runState = Object.assign(runState, {
      interpreter: this.#interpreter,
      env: this.#interpreter._env,
    }) as unknown as RunState
  }

  /** The environment is that of the frame's message; made when a handler first runs in it. */
  show(frame: FastFrame, message: FastMessage): void {
    if (this.#message === message && this.#code === frame.code) return
    this.#message = message
    this.#code = frame.code
    const env = {
      address: new LibraryAddress(frame.self.address),
      caller: new LibraryAddress(frame.caller.address),
      origin: new LibraryAddress(message.caller.address),
      callData: frame.input,
      callValue: frame.value,
      code: frame.code.bytes,
      gasPrice: message.gasPrice,
      block: message.block,
      blobVersionedHashes: [],
      isStatic: frame.isStatic,
      depth: frame.depth,
      contract: new Account(),
    }
    this.#interpreter._env = env
    this.runState.env = env as unknown as RunState['env']
  }

  update(frame: FastFrame, op: number): void {
    this.runState.programCounter = frame.pc
    this.runState.opCode = op
    this.stack._len = frame.sp
    this.#memory._store = frame.memory
  }
}
