export * from './chains.ts'
