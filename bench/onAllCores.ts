import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

/** Most of what a task makes is gone soon, but not before the next collection of a small space. */
const NEW_SPACE = '--max-semi-space-size=64'

/**
 * Runs the file at `url` in one process for each core, and gives each of them one task after another until `next` has
 * no more. The file does them by `doTasks`. Tasks and results cross as JSON.
 *
 * @throws {Error} a process ended before its time
 */
export async function onAllCores<Task, Result>(
  url: string,
  {
    next,
    onResult,
  }: { readonly next: () => Task | undefined; readonly onResult: (result: Result) => void },
): Promise<void> {
  const cores = Array.from({ length: availableParallelism() }, () => onOneCore(url, next, onResult))
  await Promise.all(cores)
}

function onOneCore<Task, Result>(
  url: string,
  next: () => Task | undefined,
  onResult: (result: Result) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(url), { execArgv: [...process.execArgv, NEW_SPACE] })
    let isDone = false
    const give = (): void => {
      const task = next()
      if (task !== undefined) {
        child.send(task as object)
        return
      }
      isDone = true
      child.disconnect()
    }
    child.on('message', (result) => {
      onResult(result as Result)
      give()
    })
    child.on('error', reject)
    child.on('exit', (code) => {
      if (isDone) resolve()
      else reject(new Error(`a process ended with ${code}`))
    })
    give()
  })
}

/** In a process of `onAllCores`: does what it is given, and answers each task. Elsewhere it does nothing. @returns whether it is one */
export function doTasks<Task, Result>(work: (task: Task) => Result): boolean {
  if (process.send === undefined) return false
  process.on('message', (task) => process.send?.(work(task as Task)))
  return true
}
