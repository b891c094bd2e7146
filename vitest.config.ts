import { defineConfig } from 'vitest/config'
import projects from './vitest.workspace.ts'

// The tests run the sources: no build stands between a change and its test.
const conditions = ['openliquid:source']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: { projects, reporters: ['default', './scripts/closingLineReporter.ts'] },
})
