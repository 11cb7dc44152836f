export * from './fields.ts'
export * from './ordering.ts'
export * from './quoting.ts'
