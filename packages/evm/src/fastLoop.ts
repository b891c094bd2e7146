import { EVMError } from '@ethereumjs/evm'
import type { AccountCell } from './accountCell.ts'
import type { EvmCode } from './evmCode.ts'
import type { FastFrame } from './fastFrame.ts'
import type { JournaledState } from './journaledState.ts'
import { keccakWord } from './keccak.ts'
import { readWord, writeWord } from './word.ts'

/** How the loop leaves a frame. */
export const STOPPED = 0
export const REVERTED = 1
/** The host knows why. */
export const FAILED = 2
/** The frame above it runs first. */
export const CALLED = 3
/** The budget is used up: go on later. */
export const PAUSED = 4
export type Exit = typeof STOPPED | typeof REVERTED | typeof FAILED | typeof CALLED | typeof PAUSED

/** What the loop needs of the machine around it. */
export interface FastHost {
  readonly state: JournaledState
  /** By instruction: what is charged before all else. */
  readonly fees: Int32Array
  /** By instruction: how many operands there must be. */
  readonly operands: Uint8Array
  readonly prices: FastPrices
  /** By instruction: words that stay the same while a message runs, as far as it has asked for them. */
  readonly environment: (bigint | undefined)[]
  /** Gas until the loop pauses, at the next jump or call. Counted from jump to jump. */
  budget: number
  fail(reason: string): typeof FAILED
  /** Price of reaching an account: cold or warm (EIP-2929). */
  accessGas(cell: AccountCell): number
  codeAt(cell: AccountCell): Uint8Array
  /** Zero for an account that is empty. */
  codeHash(cell: AccountCell): bigint
  /** @returns the gas left, below 0 if the instruction failed */
  store(frame: FastFrame, gas: number): number
  log(frame: FastFrame, topics: number, gas: number): number
  selfDestruct(frame: FastFrame, gas: number): number
  /** @returns `FAILED`, `CALLED`, or `STOPPED` if nothing had to run */
  call(frame: FastFrame, op: number): Exit
  create(frame: FastFrame, op: number): Exit
  /** Hash of a past block as a word. */
  blockHash(number: bigint): bigint
  /** Runs an instruction that does not wait by the library's handler. @returns why it failed */
  runHandler(frame: FastFrame, op: number): string | undefined
}

/** Prices of the fork that depend on operands. */
export interface FastPrices {
  readonly copyWord: number
  readonly hashWord: number
  readonly expByte: number
  readonly coldSlot: number
  readonly warmAccess: number
}

const ERROR = EVMError.errorMessages
const WORD_END = 1n << 256n
const WORD_MAX = WORD_END - 1n
const STACK_MAX = 1_024
const NOTHING: Uint8Array = new Uint8Array(0)

/**
 * Runs a frame until it ends, calls, or has used up its budget.
 *
 * Each case is one instruction of the Yellow Paper's appendix H; the order inside is price, operands, work.
 */
export function runFrame(host: FastHost, frame: FastFrame): Exit {
  const { state, fees, operands, prices, environment } = host
  const { stack } = frame
  const code: EvmCode = frame.code
  const { padded } = code
  let { pushes } = code
  let { pc, sp, gas, memory, view } = frame
  /** Gas at the last jump: what is below it is still to be taken from the budget. */
  let counted = gas

  for (;;) {
    const op = padded[pc] as number
    gas -= fees[op] as number
    if (gas < 0) return host.fail(ERROR.OUT_OF_GAS)
    if (sp < (operands[op] as number)) return host.fail(ERROR.STACK_UNDERFLOW)

    switch (op) {
      case 0x00: // STOP
        frame.gas = gas
        return STOPPED
      case 0x01: {
        // ADD
        const sum = (stack[--sp] as bigint) + (stack[sp - 1] as bigint)
        stack[sp - 1] = sum >= WORD_END ? sum - WORD_END : sum
        break
      }
      case 0x02: {
        // MUL
        const product = (stack[--sp] as bigint) * (stack[sp - 1] as bigint)
        stack[sp - 1] = product >= WORD_END ? BigInt.asUintN(256, product) : product
        break
      }
      case 0x03: {
        // SUB
        const difference = (stack[--sp] as bigint) - (stack[sp - 1] as bigint)
        stack[sp - 1] = difference < 0n ? difference + WORD_END : difference
        break
      }
      case 0x04: {
        // DIV
        const dividend = stack[--sp] as bigint
        const divisor = stack[sp - 1] as bigint
        stack[sp - 1] = divisor === 0n ? 0n : dividend / divisor
        break
      }
      case 0x06: {
        // MOD
        const dividend = stack[--sp] as bigint
        const divisor = stack[sp - 1] as bigint
        stack[sp - 1] = divisor === 0n ? 0n : dividend % divisor
        break
      }
      case 0x08: {
        // ADDMOD
        const a = stack[--sp] as bigint
        const b = stack[--sp] as bigint
        const modulus = stack[sp - 1] as bigint
        stack[sp - 1] = modulus === 0n ? 0n : (a + b) % modulus
        break
      }
      case 0x09: {
        // MULMOD
        const a = stack[--sp] as bigint
        const b = stack[--sp] as bigint
        const modulus = stack[sp - 1] as bigint
        stack[sp - 1] = modulus === 0n ? 0n : (a * b) % modulus
        break
      }
      case 0x0a: {
        // EXP: the handler works, the price is ours
        const exponent = stack[sp - 2] as bigint
        if (exponent !== 0n) gas -= prices.expByte * byteLength(exponent)
        if (gas < 0) return host.fail(ERROR.OUT_OF_GAS)
        frame.sp = sp
        frame.pc = pc + 1
        const failure = host.runHandler(frame, op)
        if (failure !== undefined) return host.fail(failure)
        sp = frame.sp
        break
      }
      case 0x10: // LT
        sp--
        stack[sp - 1] = (stack[sp] as bigint) < (stack[sp - 1] as bigint) ? 1n : 0n
        break
      case 0x11: // GT
        sp--
        stack[sp - 1] = (stack[sp] as bigint) > (stack[sp - 1] as bigint) ? 1n : 0n
        break
      case 0x12: // SLT
        sp--
        stack[sp - 1] = signed(stack[sp] as bigint) < signed(stack[sp - 1] as bigint) ? 1n : 0n
        break
      case 0x13: // SGT
        sp--
        stack[sp - 1] = signed(stack[sp] as bigint) > signed(stack[sp - 1] as bigint) ? 1n : 0n
        break
      case 0x14: // EQ
        sp--
        stack[sp - 1] = stack[sp] === stack[sp - 1] ? 1n : 0n
        break
      case 0x15: // ISZERO
        stack[sp - 1] = stack[sp - 1] === 0n ? 1n : 0n
        break
      case 0x16: // AND
        sp--
        stack[sp - 1] = (stack[sp] as bigint) & (stack[sp - 1] as bigint)
        break
      case 0x17: // OR
        sp--
        stack[sp - 1] = (stack[sp] as bigint) | (stack[sp - 1] as bigint)
        break
      case 0x18: // XOR
        sp--
        stack[sp - 1] = (stack[sp] as bigint) ^ (stack[sp - 1] as bigint)
        break
      case 0x19: // NOT
        stack[sp - 1] = WORD_MAX - (stack[sp - 1] as bigint)
        break
      case 0x1a: {
        // BYTE
        const position = stack[--sp] as bigint
        const word = stack[sp - 1] as bigint
        stack[sp - 1] = position > 31n ? 0n : (word >> ((31n - position) * 8n)) & 0xffn
        break
      }
      case 0x1b: {
        // SHL
        const shift = stack[--sp] as bigint
        const word = stack[sp - 1] as bigint
        stack[sp - 1] = shift > 255n ? 0n : BigInt.asUintN(256, word << shift)
        break
      }
      case 0x1c: {
        // SHR
        const shift = stack[--sp] as bigint
        const word = stack[sp - 1] as bigint
        stack[sp - 1] = shift > 255n ? 0n : word >> shift
        break
      }
      case 0x20: {
        // KECCAK256
        const offset = stack[--sp] as bigint
        const length = stack[sp - 1] as bigint
        const at = length === 0n ? 0 : Number(offset)
        const size = Number(length)
        if (at + size > frame.size) {
          frame.gas = gas
          gas -= frame.grow(at + size)
          if (gas < 0) return host.fail(ERROR.OUT_OF_GAS)
          memory = frame.memory
          view = frame.view
        }
        gas -= prices.hashWord * Math.ceil(size / 32)
        if (gas < 0) return host.fail(ERROR.OUT_OF_GAS)
        stack[sp - 1] = keccakWord(memory.subarray(at, at + size))
        break
      }
      case 0x30: // ADDRESS
        if (sp >= STACK_MAX) return host.fail(ERROR.STACK_OVERFLOW)
        stack[sp++] = frame.self.word
        break
      case 0x31: {
        // BALANCE
        const cell = state.cellAt(stack[sp - 1] as bigint)
        gas -= host.accessGas(cell)
        if (gas < 0) return host.fail(ERROR.OUT_OF_GAS)
        stack[sp - 1] = cell.balance
        break
      }
      case 0x33: // CALLER
        if (sp >= STACK_MAX) return host.fail(ERROR.STACK_OVERFLOW)
        stack[sp++] = frame.caller.word
        break
      case 0x34: // CALLVALUE
        if (sp >= STACK_MAX) return host.fail(ERROR.STACK_OVERFLOW)
        stack[sp++] = frame.value
        break
      case 0x35: {
        // CALLDATALOAD
        stack[sp - 1] = loadInput(frame.input, stack[sp - 1] as bigint)
        break
      }
      case 0x36: // CALLDATASIZE
        if (sp >= STACK_MAX) return host.fail(ERROR.STACK_OVERFLOW)
        stack[sp++] = BigInt(frame.input.length)
        break
      case 0x37: // CALLDATACOPY
      case 0x39: // CODECOPY
      case 0x3e: {
        // RETURNDATACOPY
        const to = stack[--sp] as bigint
        const from = stack[--sp] as bigint
        const length = stack[--sp] as bigint
        const source = op === 0x37 ? frame.input : op === 0x39 ? code.bytes : frame.returned
        if (op === 0x3e && from + length > BigInt(source.length)) {
          return host.fail(ERROR.OUT_OF_GAS)
        }
        frame.gas = gas
        gas -= frame.expand(to, length) + prices.copyWord * words(length)
        if (!(gas >= 0)) return host.fail(ERROR.OUT_OF_GAS)
        memory = frame.memory
        view = frame.view
        frame.copyIn(source, to, from, length)
        break
      }
      case 0x3b: {
        // EXTCODESIZE
        const cell = state.cellAt(stack[sp - 1] as bigint)
        gas -= host.accessGas(cell)
        if (gas < 0) return host.fail(ERROR.OUT_OF_GAS)
        stack[sp - 1] = BigInt(host.codeAt(cell).length)
        break
      }
      case 0x3c: {
        // EXTCODECOPY
        const cell = state.cellAt(stack[--sp] as bigint)
        const to = stack[--sp] as bigint
        const from = stack[--sp] as bigint
        const length = stack[--sp] as bigint
        frame.gas = gas
        gas -= frame.expand(to, length) + prices.copyWord * words(length)
        gas -= host.accessGas(cell)
        if (!(gas >= 0)) return host.fail(ERROR.OUT_OF_GAS)
        memory = frame.memory
        view = frame.view
        if (length !== 0n) frame.copyIn(host.codeAt(cell), to, from, length)
        break
      }
      case 0x3d: // RETURNDATASIZE
        if (sp >= STACK_MAX) return host.fail(ERROR.STACK_OVERFLOW)
        stack[sp++] = BigInt(frame.returned.length)
        break
      case 0x3f: {
        // EXTCODEHASH
        const cell = state.cellAt(stack[sp - 1] as bigint)
        gas -= host.accessGas(cell)
        if (gas < 0) return host.fail(ERROR.OUT_OF_GAS)
        stack[sp - 1] = host.codeHash(cell)
        break
      }
      case 0x40: // BLOCKHASH
        stack[sp - 1] = host.blockHash(stack[sp - 1] as bigint)
        break
      case 0x47: // SELFBALANCE
        if (sp >= STACK_MAX) return host.fail(ERROR.STACK_OVERFLOW)
        stack[sp++] = frame.self.balance
        break
      case 0x50: // POP
        sp--
        break
      case 0x51: {
        // MLOAD
        const at = Number(stack[sp - 1] as bigint)
        if (at + 32 > frame.size) {
          frame.gas = gas
          gas -= frame.grow(at + 32)
          if (gas < 0) return host.fail(ERROR.OUT_OF_GAS)
          memory = frame.memory
          view = frame.view
        }
        stack[sp - 1] = readWord(view, at)
        break
      }
      case 0x52: {
        // MSTORE
        const at = Number(stack[--sp] as bigint)
        if (at + 32 > frame.size) {
          frame.gas = gas
          gas -= frame.grow(at + 32)
          if (gas < 0) return host.fail(ERROR.OUT_OF_GAS)
          memory = frame.memory
          view = frame.view
        }
        writeWord(view, at, stack[--sp] as bigint)
        break
      }
      case 0x53: {
        // MSTORE8
        const at = Number(stack[--sp] as bigint)
        if (at + 1 > frame.size) {
          frame.gas = gas
          gas -= frame.grow(at + 1)
          if (gas < 0) return host.fail(ERROR.OUT_OF_GAS)
          memory = frame.memory
          view = frame.view
        }
        memory[at] = Number((stack[--sp] as bigint) & 0xffn)
        break
      }
      case 0x54: {
        // SLOAD
        const slot = state.slotCell(frame.self, stack[sp - 1] as bigint)
        gas -= state.warmSlot(slot) ? prices.coldSlot : prices.warmAccess
        if (gas < 0) return host.fail(ERROR.OUT_OF_GAS)
        stack[sp - 1] = slot.current
        break
      }
      case 0x55: // SSTORE
        frame.sp = sp
        gas = host.store(frame, gas)
        if (gas < 0) return FAILED
        sp -= 2
        break
      case 0x56: {
        // JUMP
        const target = jumpTarget(code, stack[--sp] as bigint)
        if (target < 0) return host.fail(ERROR.INVALID_JUMP)
        pc = target
        host.budget -= counted - gas
        counted = gas
        if (host.budget < 0) {
          frame.pc = pc
          frame.sp = sp
          frame.gas = gas
          return PAUSED
        }
        continue
      }
      case 0x57: {
        // JUMPI
        sp -= 2
        if (stack[sp] === 0n) break
        const target = jumpTarget(code, stack[sp + 1] as bigint)
        if (target < 0) return host.fail(ERROR.INVALID_JUMP)
        pc = target
        host.budget -= counted - gas
        counted = gas
        if (host.budget < 0) {
          frame.pc = pc
          frame.sp = sp
          frame.gas = gas
          return PAUSED
        }
        continue
      }
      case 0x58: // PC
        if (sp >= STACK_MAX) return host.fail(ERROR.STACK_OVERFLOW)
        stack[sp++] = BigInt(pc)
        break
      case 0x59: // MSIZE
        if (sp >= STACK_MAX) return host.fail(ERROR.STACK_OVERFLOW)
        stack[sp++] = BigInt(frame.size)
        break
      case 0x5a: // GAS
        if (sp >= STACK_MAX) return host.fail(ERROR.STACK_OVERFLOW)
        stack[sp++] = BigInt(gas)
        break
      case 0x5b: // JUMPDEST
        break
      case 0x5c: // TLOAD
        stack[sp - 1] = state.transientSlot(frame.self, stack[sp - 1] as bigint)
        break
      case 0x5d: // TSTORE
        if (frame.isStatic) return host.fail(ERROR.STATIC_STATE_CHANGE)
        sp -= 2
        state.setTransientSlot(frame.self, stack[sp + 1] as bigint, stack[sp] as bigint)
        break
      case 0x5e: {
        // MCOPY
        const to = stack[--sp] as bigint
        const from = stack[--sp] as bigint
        const length = stack[--sp] as bigint
        frame.gas = gas
        gas -= frame.expand(from, length) + prices.copyWord * words(length)
        if (!(gas >= 0)) return host.fail(ERROR.OUT_OF_GAS)
        frame.gas = gas
        gas -= frame.expand(to, length)
        if (!(gas >= 0)) return host.fail(ERROR.OUT_OF_GAS)
        memory = frame.memory
        view = frame.view
        if (length === 0n) break
        memory.copyWithin(Number(to), Number(from), Number(from) + Number(length))
        break
      }
      case 0x5f: // PUSH0
        if (sp >= STACK_MAX) return host.fail(ERROR.STACK_OVERFLOW)
        stack[sp++] = 0n
        break
      case 0x60: // PUSH1
      case 0x61:
      case 0x62:
      case 0x63:
      case 0x64:
      case 0x65:
      case 0x66:
      case 0x67:
      case 0x68:
      case 0x69:
      case 0x6a:
      case 0x6b:
      case 0x6c:
      case 0x6d:
      case 0x6e:
      case 0x6f:
      case 0x70:
      case 0x71:
      case 0x72:
      case 0x73:
      case 0x74:
      case 0x75:
      case 0x76:
      case 0x77:
      case 0x78:
      case 0x79:
      case 0x7a:
      case 0x7b:
      case 0x7c:
      case 0x7d:
      case 0x7e:
      case 0x7f: {
        // PUSH32
        if (sp >= STACK_MAX) return host.fail(ERROR.STACK_OVERFLOW)
        let value = pushes[pc]
        if (value === undefined) {
          value = code.push(pc)
          pushes = code.pushes
        }
        stack[sp++] = value
        pc += op - 0x5e
        continue
      }
      case 0x80: // DUP1
      case 0x81:
      case 0x82:
      case 0x83:
      case 0x84:
      case 0x85:
      case 0x86:
      case 0x87:
      case 0x88:
      case 0x89:
      case 0x8a:
      case 0x8b:
      case 0x8c:
      case 0x8d:
      case 0x8e:
      case 0x8f: // DUP16
        if (sp >= STACK_MAX) return host.fail(ERROR.STACK_OVERFLOW)
        stack[sp] = stack[sp - (op - 0x7f)] as bigint
        sp++
        break
      case 0x90: // SWAP1
      case 0x91:
      case 0x92:
      case 0x93:
      case 0x94:
      case 0x95:
      case 0x96:
      case 0x97:
      case 0x98:
      case 0x99:
      case 0x9a:
      case 0x9b:
      case 0x9c:
      case 0x9d:
      case 0x9e:
      case 0x9f: {
        // SWAP16
        const other = sp - 1 - (op - 0x8f)
        const top = stack[sp - 1] as bigint
        stack[sp - 1] = stack[other] as bigint
        stack[other] = top
        break
      }
      case 0xa0: // LOG0
      case 0xa1:
      case 0xa2:
      case 0xa3:
      case 0xa4: // LOG4
        frame.sp = sp
        gas = host.log(frame, op - 0xa0, gas)
        if (gas < 0) return FAILED
        sp = frame.sp
        memory = frame.memory
        view = frame.view
        break
      case 0xf0: // CREATE
      case 0xf1: // CALL
      case 0xf2: // CALLCODE
      case 0xf4: // DELEGATECALL
      case 0xf5: // CREATE2
      case 0xfa: {
        // STATICCALL
        frame.pc = pc + 1
        frame.sp = sp
        frame.gas = gas
        host.budget -= counted - gas
        const exit = op === 0xf0 || op === 0xf5 ? host.create(frame, op) : host.call(frame, op)
        if (exit !== STOPPED) return exit
        // A precompile may have taken long.
        if (host.budget < 0) return PAUSED
        sp = frame.sp
        gas = frame.gas
        counted = gas
        memory = frame.memory
        view = frame.view
        break
      }
      case 0xf3: // RETURN
      case 0xfd: {
        // REVERT
        const offset = stack[--sp] as bigint
        const length = stack[--sp] as bigint
        frame.gas = gas
        gas -= frame.expand(offset, length)
        if (!(gas >= 0)) return host.fail(ERROR.OUT_OF_GAS)
        frame.gas = gas
        frame.output = length === 0n ? NOTHING : frame.read(offset, length)
        return op === 0xf3 ? STOPPED : REVERTED
      }
      case 0xff: {
        // SELFDESTRUCT
        frame.sp = sp
        gas = host.selfDestruct(frame, gas)
        if (gas < 0) return FAILED
        frame.gas = gas
        return STOPPED
      }
      case 0x32: // ORIGIN
      case 0x3a: // GASPRICE
      case 0x41: // COINBASE
      case 0x42: // TIMESTAMP
      case 0x43: // NUMBER
      case 0x44: // PREVRANDAO
      case 0x45: // GASLIMIT
      case 0x46: // CHAINID
      case 0x48: {
        // BASEFEE
        const word = environment[op]
        if (word === undefined) {
          frame.sp = sp
          frame.pc = pc + 1
          const failure = host.runHandler(frame, op)
          if (failure !== undefined) return host.fail(failure)
          sp = frame.sp
          environment[op] = stack[sp - 1]
        } else {
          if (sp >= STACK_MAX) return host.fail(ERROR.STACK_OVERFLOW)
          stack[sp++] = word
        }
        break
      }
      default: {
        frame.sp = sp
        frame.pc = pc + 1
        const failure = host.runHandler(frame, op)
        if (failure !== undefined) return host.fail(failure)
        sp = frame.sp
        break
      }
    }
    pc++
  }
}

/** Where a jump goes; below 0 if it may not go there. */
function jumpTarget({ jumps }: EvmCode, target: bigint): number {
  const at = Number(target)
  return jumps[at] === 1 ? at : -1
}

function signed(word: bigint): bigint {
  return BigInt.asIntN(256, word)
}

/** Words of 32 bytes that the length fills, as a number for prices: exact where it can be paid for. */
function words(length: bigint): number {
  return Math.ceil(Number(length) / 32)
}

function byteLength(value: bigint): number {
  return (value.toString(16).length + 1) >> 1
}

/** 32 bytes of input from a position, zeros past its end. */
function loadInput(input: Uint8Array, position: bigint): bigint {
  const { length } = input
  if (position >= BigInt(length)) return 0n
  const at = Number(position)
  if (at + 32 <= length) {
    return readWord(new DataView(input.buffer, input.byteOffset + at, 32), 0)
  }
  let value = 0n
  for (let i = at; i < at + 32; i++)
    value = (value << 8n) | BigInt(i < length ? (input[i] as number) : 0)
  return value
}
