import type { Call } from './benchCluster.ts'

/** In a child process whose file this is: answers calls of the parent with the methods of the object. */
export function serve(file: string, object: object): void {
  if (process.send === undefined || process.argv[1]?.endsWith(file) !== true) return
  const methods = object as Record<string, (...args: unknown[]) => unknown>
  process.on('message', ({ id, method, args }: Call) => {
    Promise.resolve()
      .then(() => methods[method]?.(...args))
      .then(
        (result) => process.send?.({ id, result }),
        (error: unknown) => process.send?.({ id, error: String(error) }),
      )
  })
  process.on('disconnect', () => process.exit(0))
  process.send({ id: 0 })
}
